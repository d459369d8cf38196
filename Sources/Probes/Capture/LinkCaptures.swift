internal import LinuxSystem
internal import Topology

/// A link to be captured on.
struct CaptureRequest: Sendable {
    var namespace: String
    var file: NetworkNamespaceFile
    var device: String
    var index: UInt32
    var isLoopback: Bool
    /// Has ports: a bridge.
    var isMaster: Bool

    var directions: [CaptureHandle.Direction] { isLoopback ? [.inbound] : [.inbound, .outbound] }
}

extension CaptureRequest {
    init(_ link: Link, in namespace: Namespace, file: NetworkNamespaceFile) {
        self.init(
            namespace: namespace.name, file: file, device: link.name, index: link.index,
            isLoopback: link.kind == "loopback" || link.name == "lo",
            isMaster: link.kind == "bridge" || namespace.links.contains { $0.master == link.name })
    }
}

/// What came of one direction of a `CaptureRequest`.
struct OpenedCapture: Sendable {
    var request: CaptureRequest
    var direction: CaptureHandle.Direction
    var handle: Result<CaptureHandle, any Error>
}

/// Opens all captures at once, each in a thread that has entered its namespace.
func openCaptures(_ requests: [CaptureRequest], settings: CaptureHandle.Settings) throws -> [OpenedCapture] {
    let jobs = requests.flatMap { request in request.directions.map { (request, $0) } }
    return try concurrentMap(jobs) { request, direction in
        OpenedCapture(
            request: request, direction: direction,
            handle: Result {
                try request.file.perform {
                    try CaptureHandle.open(
                        device: request.device, index: request.index, direction: direction, settings: settings)
                }
            })
    }
}
