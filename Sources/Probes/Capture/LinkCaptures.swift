internal import LinuxSystem
internal import Topology

/// What is to be opened on one link.
struct CaptureRequest: Sendable {
    var device: String
    var index: UInt32
    var isLoopback: Bool
    var isMaster: Bool

    init(_ link: Link, in namespace: Namespace) {
        device = link.name
        index = link.index
        isLoopback = link.kind == "loopback" || link.name == "lo"
        isMaster = link.kind == "bridge" || namespace.links.contains { $0.master == link.name }
    }

    init(device: String, index: UInt32, isLoopback: Bool, isMaster: Bool) {
        self.device = device
        self.index = index
        self.isLoopback = isLoopback
        self.isMaster = isMaster
    }

    var directions: [CaptureHandle.Direction] { isLoopback ? [.inbound] : [.inbound, .outbound] }
}

/// What came of one direction of a `CaptureRequest`.
struct OpenedCapture: Sendable {
    var request: CaptureRequest
    var direction: CaptureHandle.Direction
    var handle: Result<CaptureHandle, any Error>
}

/// Opens captures on links of one namespace, in a thread that has entered it.
func openCaptures(
    _ requests: [CaptureRequest], in namespace: NetworkNamespaceFile, settings: CaptureHandle.Settings
) throws -> [OpenedCapture] {
    try namespace.perform {
        requests.flatMap { request in
            request.directions.map { direction in
                OpenedCapture(
                    request: request, direction: direction,
                    handle: Result {
                        try CaptureHandle.open(device: request.device, direction: direction, settings: settings)
                    })
            }
        }
    }
}
