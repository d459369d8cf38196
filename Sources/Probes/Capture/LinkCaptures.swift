internal import LinuxSystem
internal import Network

/// A link to be captured on.
struct CaptureRequest: Sendable {
    var namespace: String
    var file: NetworkNamespaceFile
    var device: String
    var index: UInt32
    var isLoopback: Bool
    /// Has ports: a bridge.
    var isMaster: Bool
    /// How many times the share of a plain link its buffer is to have.
    var weight = 1

    var directions: [CaptureHandle.Direction] { isLoopback ? [.inbound] : [.inbound, .outbound] }
}

extension CaptureRequest {
    init(_ link: Link, in namespace: Namespace, file: NetworkNamespaceFile) {
        self.init(
            namespace: namespace.name, file: file, device: link.name, index: link.index,
            isLoopback: link.isLoopback,
            isMaster: link.kind == .bridge || namespace.links.contains { $0.master == link.name })
    }
}

extension Topology {
    /// How much more than a plain link each one carries, by namespace and device; those not named are plain.
    ///
    /// What every port sends meets on the bridge and on the links that leave the namespace; a cable's far end carries
    /// the same.
    var captureWeights: [String: [String: Int]] {
        var weights: [String: [String: Int]] = [:]
        for namespace in namespaces {
            let ports = Dictionary(namespace.links.compactMap { $0.master.map { ($0, 1) } }, uniquingKeysWith: +)
            for link in namespace.links where link.master == nil && link.name != "lo" {
                let weight = ports[link.name] ?? max(1, namespace.links.count - 2)
                guard weight > 1 else { continue }
                weights[namespace.name, default: [:]][link.name, default: 1] = max(
                    weight, weights[namespace.name]?[link.name] ?? 1)
                if let peer = link.peer, let other = peer.namespace {
                    weights[other, default: [:]][peer.device] = max(weight, weights[other]?[peer.device] ?? 1)
                }
            }
        }
        return weights
    }
}

/// What came of one direction of a `CaptureRequest`.
struct OpenedCapture: Sendable {
    var request: CaptureRequest
    var direction: CaptureHandle.Direction
    /// Kernel memory that it was given.
    var bufferBytes: Int
    var handle: Result<CaptureHandle, any Error>
}

/// Opens all captures at once, each in a thread that has entered its namespace.
func openCaptures(_ requests: [CaptureRequest], settings: CaptureHandle.Settings) throws -> [OpenedCapture] {
    let jobs = requests.flatMap { request in request.directions.map { (request, $0) } }
    return try concurrentMap(jobs) { request, direction in
        var own = settings
        own.bufferBytes = Int32(clamping: min(Int(settings.bufferBytes) * request.weight, 32 << 20))
        return OpenedCapture(
            request: request, direction: direction, bufferBytes: Int(own.bufferBytes),
            handle: Result {
                try request.file.perform { [own] in
                    try CaptureHandle.open(
                        device: request.device, index: request.index, direction: direction, settings: own)
                }
            })
    }
}
