import Correlation
import Observations
import Network
import WalkModel
import Wire

/// A hand-made sequence of events: a small network and packets seen in it.
struct Scene {
    var topology: Topology
    var events: [Event] = []
    private var vantages: [VantagePoint: VantageID] = [:]
    private(set) var lastNanoseconds: Int64 = 0

    /// 2026-11-23T01:58:14Z.
    static let start: Int64 = 1_795_399_094_000_000_000

    init(_ namespaces: [Namespace]) {
        topology = Topology(host: "test", time: "2026-11-23T01:58:14Z", namespaces: namespaces)
        events.append(.topology(topology, timeNanoseconds: Self.start))
    }

    mutating func id(_ point: VantagePoint) -> VantageID {
        if let known = vantages[point] { return known }
        let made = VantageID(rawValue: UInt32(vantages.count))
        vantages[point] = made
        events.append(.vantage(made, point))
        return made
    }

    /// Declares a link's two directions.
    mutating func watch(_ namespace: String, _ device: String) {
        _ = id(.link(namespace, device, .in))
        _ = id(.link(namespace, device, .out))
    }

    /// Declares the hooks of one namespace, before and after each stage that has one.
    mutating func watchHooks(_ namespace: String) {
        for (hook, stage, edge) in [
            (NetfilterHook.prerouting, NetfilterStage.raw, VantagePoint.Edge.before), (.prerouting, .dstnat, .after),
            (.input, .filter, .after), (.forward, .filter, .after), (.output, .raw, .before),
            (.postrouting, .srcnat, .before), (.postrouting, .srcnat, .after),
        ] {
            _ = id(.hook(namespace, hook, stage, edge))
        }
    }

    /// A packet seen on a link, `microseconds` after the start.
    mutating func see(
        _ namespace: String, _ device: String, _ direction: VantagePoint.Direction, at microseconds: Double,
        _ headers: PacketHeaders
    ) {
        see(.link(namespace, device, direction), at: microseconds, headers)
    }

    /// A packet that a capture or a BPF program saw, `microseconds` after the start.
    /// - Parameter identity: which packet of the kernel it is; 0 where that is not known.
    mutating func see(
        _ point: VantagePoint, at microseconds: Double, _ headers: PacketHeaders, identity: UInt64 = 0
    ) {
        let vantage = id(point)
        let time = Self.start + Int64(microseconds * 1000)
        lastNanoseconds = max(lastNanoseconds, time)
        var observation = Observation(timeNanoseconds: time, vantage: vantage, clock: .passage, headers: headers)
        observation.kernelIdentity = identity
        events.append(.packet(observation))
    }

    /// A packet logged at a hook: prerouting, input and forward with the time of arrival in whole microseconds, output
    /// and postrouting with the time of reading.
    mutating func log(
        _ namespace: String, _ hook: NetfilterHook, _ stage: NetfilterStage, _ edge: VantagePoint.Edge,
        at microseconds: Double, sequence: UInt32, _ headers: PacketHeaders,
        configure: (inout Observation) -> Void = { _ in }
    ) {
        let vantage = id(.hook(namespace, hook, stage, edge))
        let isArrival = hook == .prerouting || hook == .input || hook == .forward
        let time = Self.start + (isArrival ? Int64(microseconds) * 1000 : Int64(microseconds * 1000))
        lastNanoseconds = max(lastNanoseconds, time)
        var observation = Observation(
            timeNanoseconds: time, vantage: vantage, clock: isArrival ? .arrival : .reading, headers: headers)
        observation.sourceSequence = sequence
        configure(&observation)
        events.append(.packet(observation))
    }

    mutating func conntrack(
        _ namespace: String, _ change: FlowEvent.Change = .new, original: FlowTuple, reply: FlowTuple,
        at microseconds: Double
    ) {
        events.append(
            .flow(
                FlowEvent(
                    timeNanoseconds: Self.start + Int64(microseconds * 1000), namespace: namespace, change: change,
                    original: original, reply: reply)))
    }

    /// All sources have told what they saw until then.
    mutating func pass(to microseconds: Double) {
        events.append(.watermark(timeNanoseconds: Self.start + Int64(microseconds * 1000)))
    }

    /// The walks, once all is quiet.
    func walks() -> [Walk] {
        var engine = WalkEngine()
        for event in events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: lastNanoseconds + 2_000_000_000))
        let walks = engine.finishedWalks()
        return walks + engine.finish()
    }
}

extension VantagePoint {
    static func link(_ namespace: String, _ device: String, _ direction: Direction) -> VantagePoint {
        VantagePoint(namespace: namespace, kind: .link, device: device, direction: direction)
    }

    static func hook(
        _ namespace: String, _ hook: NetfilterHook, _ stage: NetfilterStage, _ edge: Edge
    ) -> VantagePoint {
        VantagePoint(namespace: namespace, kind: .netfilter, hook: hook, stage: stage, edge: edge, linkType: .raw)
    }
}

extension Hop {
    /// `host veth0 in`, `host postrouting srcnat after`, `wan socket in`, …
    var text: String {
        switch vantage {
        case .link: "\(namespace) \(device ?? "?") \(direction?.rawValue ?? "?")"
        case .netfilter: "\(namespace) \(hook?.rawValue ?? "?") \(stage?.rawValue ?? "?") \(edge?.rawValue ?? "")"
        case .route: "\(namespace) route"
        case .socket: "\(namespace) socket \(direction?.rawValue ?? "?")"
        case .drop: "\(namespace) drop"
        }
    }
}

extension Walk {
    var path: [String] { hops.map(\.text) }
}

func address(_ text: String) -> IPAddress {
    IPAddress(text) ?? IPAddress(ipv4: 0)
}

func prefix(_ text: String) -> IPPrefix? { IPPrefix(text) }

extension Link {
    static func veth(
        _ name: String, _ index: UInt32, peer: (String, String)?, mac: UInt64 = 0, addresses: [String] = [],
        master: String? = nil
    ) -> Link {
        Link(
            name: name, index: index, kind: "veth", mac: MACAddress(value: mac),
            addresses: addresses.compactMap { IPPrefix($0) }, master: master,
            peer: peer.map { Peer(namespace: $0.0, device: $0.1) })
    }

    static func bridge(_ name: String, _ index: UInt32, addresses: [String] = [], mac: UInt64 = 0) -> Link {
        Link(
            name: name, index: index, kind: "bridge", mac: MACAddress(value: mac),
            addresses: addresses.compactMap { IPPrefix($0) }, bridge: Bridge(vlanFiltering: false))
    }

    static let loopback = Link(
        name: "lo", index: 1, kind: "loopback", addresses: [IPPrefix("127.0.0.1/8")].compactMap { $0 })
}

extension Namespace {
    static func named(_ name: String, _ links: [Link]) -> Namespace {
        let inode = name.utf8.reduce(4_026_532_000) { $0 &* 31 &+ UInt64($1) }
        return Namespace(name: name, inode: inode, path: "/run/netns/\(name)", links: [.loopback] + links)
    }
}

/// The base network of the labs.
func baseNetwork() -> [Namespace] {
    [
        .named(
            "mynamespace",
            [.veth("veth1", 2, peer: ("host", "veth0"), mac: 0x0200_0000_0002, addresses: ["172.19.0.2/24"])]),
        .named(
            "host",
            [
                .veth("veth0", 2, peer: ("mynamespace", "veth1"), mac: 0x0200_0000_0010, master: "mybridge"),
                .bridge("mybridge", 3, addresses: ["172.19.0.1/24"], mac: 0x0200_0000_0011),
                .veth("eth0", 4, peer: ("wan", "wan0"), mac: 0x0200_0000_0012, addresses: ["203.0.113.2/24"]),
            ]),
        .named(
            "wan",
            [
                .veth(
                    "wan0", 2, peer: ("host", "eth0"), mac: 0x0200_0000_0020,
                    addresses: ["203.0.113.1/24", "198.51.100.1/32"])
            ]),
    ]
}

/// Headers of a packet; the label is what the test says, as if hashed from the packet's content.
func packet(
    _ source: String, _ destination: String, label: UInt64, ttl: UInt8 = 64, id: UInt16 = 7,
    proto: IPProtocol = .udp, sourcePort: UInt16 = 0, destinationPort: UInt16 = 0
) -> PacketHeaders {
    var headers = PacketHeaders()
    headers.network = .ipv4
    headers.etherType = 0x0800
    headers.flags = [.hasTransport, .dontFragment]
    headers.source = address(source)
    headers.destination = address(destination)
    headers.ipProtocol = proto
    headers.ttl = ttl
    headers.identification = id
    headers.length = 60
    headers.sourcePort = sourcePort
    headers.destinationPort = destinationPort
    headers.payloadLength = 32
    headers.label = label
    return headers
}

func echo(
    _ source: String, _ destination: String, request: Bool, id: UInt16, sequence: UInt16, label: UInt64,
    ttl: UInt8 = 64
) -> PacketHeaders {
    var headers = packet(source, destination, label: label, ttl: ttl, proto: .icmp)
    headers.icmpType = request ? 8 : 0
    headers.icmpIdentifier = id
    headers.icmpSequence = sequence
    headers.length = 84
    return headers
}

func tuple(
    _ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16,
    _ ipProtocol: IPProtocol
) -> FlowTuple {
    FlowTuple(
        source: address(source), destination: address(destination), sourcePort: sourcePort,
        destinationPort: destinationPort, ipProtocol: ipProtocol)
}
