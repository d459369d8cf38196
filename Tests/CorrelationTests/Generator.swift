import Observations
import Network
import TestSupport
import Wire

@testable import Correlation
@testable import WalkModel

extension SeededGenerator {
    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
}

/// A stream of observations with known truth: namespaces behind a bridge, a router that may translate, perhaps a second
/// router behind it, and a server. Which packet an observation is of stands beside it and is never shown to the engine.
struct Generator {
    struct Shape {
        var senders = 3
        var packetsEach = 4
        var translates = true
        var hasConntrack = true
        var hasHooks = true
        var hasSecondRouter = false
        /// All packets have one label: equal payload, identification and ports.
        var sharesLabel = false
        var loss = 0.0
        /// Time between a sender's packets in microseconds.
        var gap: ClosedRange<Double> = 200...2000
        var floods = false
        var fragments = false
        /// As IPv6 has it: the hooks see the datagram whole, and each device that sends it out fragments it anew.
        var fragmentsIPv6 = false
        /// Events may come this much out of order, in microseconds.
        var disorder = 0.0
        /// Conntrack's word comes this much after the packet, in microseconds.
        var conntrackDelay = 100.0
        /// All senders start within this time, in microseconds.
        var spread = 50.0
        /// TCP in bursts, cut or put together on the way; nil for datagrams.
        var stream: StreamShape?
    }

    /// An observation's place and time: what it is known by.
    struct Sight: Hashable {
        var vantage: UInt32
        var time: Int64
        var sequence: UInt32
    }

    let shape: Shape
    var random: SeededGenerator
    private(set) var events: [(time: Int64, event: Event)] = []
    private(set) var truth: [Sight: Set<Int>] = [:]
    /// How many sightings each packet has.
    private(set) var sightCount: [Int: Int] = [:]
    private var vantages: [VantagePoint: VantageID] = [:]
    private(set) var preamble: [Event] = []
    private var sequence: UInt32 = 0
    private var fragmentIdentification: UInt32 = 0xfff0
    /// Which fragments of the packet under way were lost.
    private var stayed: Set<Int> = []
    private var lastAt: [UInt64: Int64] = [:]
    private var hookMessages:
        [(time: Int64, packets: Set<Int>, vantage: VantageID, arrival: Int64?, headers: PacketHeaders)] =
            []

    init(_ shape: Shape, seed: UInt64) {
        self.shape = shape
        random = SeededGenerator(seed: seed)
        build()
    }

    mutating func id(_ point: VantagePoint) -> VantageID {
        if let known = vantages[point] { return known }
        let made = VantageID(rawValue: UInt32(vantages.count))
        vantages[point] = made
        preamble.append(.vantage(made, point))
        return made
    }

    private mutating func build() {
        var hostLinks: [Link] = [.bridge("br0", 2, addresses: ["10.0.255.254/16"])]
        var namespaces: [Namespace] = []
        for sender in 0..<shape.senders {
            hostLinks.append(.veth("v\(sender)", UInt32(10 + sender), peer: ("s\(sender)", "eth0"), master: "br0"))
            namespaces.append(
                .named(
                    "s\(sender)",
                    [
                        .veth(
                            "eth0", 2, peer: ("host", "v\(sender)"),
                            addresses: ["10.0.\(sender / 200).\(sender % 200 + 1)/16"])
                    ]
                ))
        }
        let next = shape.hasSecondRouter ? "transit" : "wan"
        hostLinks.append(.veth("up", 3, peer: (next, "down"), addresses: ["203.0.113.2/24"]))
        namespaces.append(.named("host", hostLinks))
        if shape.hasSecondRouter {
            namespaces.append(
                .named(
                    "transit",
                    [
                        .veth("down", 2, peer: ("host", "up"), addresses: ["203.0.113.1/24"]),
                        .veth("up", 3, peer: ("wan", "down"), addresses: ["192.0.2.1/24"]),
                    ]))
        }
        namespaces.append(
            .named(
                "wan",
                [
                    .veth(
                        "down", 2, peer: (shape.hasSecondRouter ? "transit" : "host", "up"),
                        addresses: ["192.0.2.2/24", "198.51.100.1/32"])
                ]))
        preamble.append(
            .topology(Topology(host: "test", time: "", namespaces: namespaces), timeNanoseconds: Scene.start))
        for namespace in namespaces {
            for link in namespace.links where link.name != "lo" {
                _ = id(.link(namespace.name, link.name, .in))
                _ = id(.link(namespace.name, link.name, .out))
            }
        }
        if shape.hasHooks {
            for (hook, stage, edge) in Self.hooks { _ = id(.hook("host", hook, stage, edge)) }
        }
        var number = 0
        for sender in 0..<shape.senders {
            var time = Double.random(in: 0...shape.spread, using: &random)
            if let stream = shape.stream { number = sendStream(stream, sender: sender, from: number, at: time) }
            for index in 0..<(shape.stream == nil ? shape.packetsEach : 0) {
                send(number, sender: sender, index: index, at: time)
                number += 1
                time += Double.random(in: shape.gap, using: &random)
            }
            if shape.hasConntrack {
                let flow = flow(sender, index: 0)
                var reply = flow.reversed
                if shape.translates {
                    reply.destination = address("203.0.113.2")
                    reply.destinationPort = translatedPort(sender)
                }
                let at = Scene.start + Int64(shape.conntrackDelay * 1000)
                events.append(
                    (
                        at,
                        .flow(
                            FlowEvent(
                                timeNanoseconds: at, namespace: "host", change: .new, original: flow, reply: reply))
                    ))
            }
        }
        logHooks()
        let disorder = shape.disorder * 1000
        if disorder > 0 {
            var keyed = events.map { ($0.time + Int64(Double.random(in: 0...disorder, using: &random)), $0) }
            keyed.sort { $0.0 < $1.0 }
            events = keyed.map(\.1)
        } else {
            events.sort { $0.time < $1.time }
        }
    }

    static let hooks: [(NetfilterHook, NetfilterStage, VantagePoint.Edge)] = [
        (.prerouting, .raw, .before), (.forward, .filter, .after), (.postrouting, .srcnat, .before),
        (.postrouting, .srcnat, .after),
    ]

    func translatedPort(_ sender: Int) -> UInt16 { UInt16(20_000 + sender) }

    func flow(_ sender: Int, index: Int) -> FlowTuple {
        tuple(
            "10.0.\(sender / 200).\(sender % 200 + 1)", 5000, "198.51.100.1", 53, shape.stream == nil ? .udp : .tcp)
    }

    private mutating func saw(
        _ packets: Set<Int>, _ vantage: VantageID, _ time: Int64, _ clock: Observation.Clock, _ headers: PacketHeaders,
        sequence: UInt32 = 0
    ) {
        var observation = Observation(timeNanoseconds: time, vantage: vantage, clock: clock, headers: headers)
        observation.sourceSequence = sequence
        events.append((time, .packet(observation)))
        truth[Sight(vantage: vantage.rawValue, time: time, sequence: sequence)] = packets
        for number in packets { sightCount[number, default: 0] += 1 }
    }

    /// A link keeps the order of a sender's packets, and no two sightings there have one time.
    mutating func onLink(
        _ packets: Set<Int>, _ namespace: String, _ device: String, _ direction: VantagePoint.Direction, _ sender: Int,
        _ time: inout Int64, _ headers: PacketHeaders, step: Bool = true
    ) {
        let vantage = id(.link(namespace, device, direction))
        if step { time += Int64.random(in: 1000...12_000, using: &random) }
        let lane = UInt64(vantage.rawValue) << 20 | UInt64(sender)
        time = max(time, (lastAt[lane] ?? 0) + 1)
        let shown = pieces(headers)
        while (0..<Int64(shown.count)).contains(where: {
            truth[Sight(vantage: vantage.rawValue, time: time + $0, sequence: 0)] != nil
        }) {
            time += 1
        }
        lastAt[lane] = time
        for (offset, piece) in shown.enumerated() where !stayed.contains(offset) {
            saw(packets, vantage, time + Int64(offset), .passage, piece)
        }
        time += Int64(shown.count - 1)
    }

    /// RFC 8200 section 4.5: the identification is the fragments' alone, and the fragmenting device's.
    private func fragmentsIPv6(_ headers: PacketHeaders) -> [PacketHeaders] {
        (0..<3).map { index in
            var piece = headers
            piece.identification = UInt16(truncatingIfNeeded: fragmentIdentification)
            piece.datagramKey = 6 << 56 | 17 << 48 | UInt64(fragmentIdentification)
            piece.label = mix(headers.label, UInt64(fragmentIdentification) << 8 | UInt64(index))
            piece.length = 1496
            piece.fragmentOffset = UInt16(index) * 1448
            if index < 2 { piece.flags.insert(.moreFragments) }
            if index > 0 {
                piece.flags.remove(.hasTransport)
                piece.sourcePort = 0
                piece.destinationPort = 0
                piece.datagramStart = 0
            }
            return piece
        }
    }

    private func pieces(_ headers: PacketHeaders) -> [PacketHeaders] {
        if shape.fragmentsIPv6 { return fragmentsIPv6(headers) }
        guard shape.fragments, headers.length > 1500 else { return [headers] }
        var first = headers
        first.flags.insert(.moreFragments)
        first.length = 1500
        first.label = headers.label ^ 0x1111
        var last = headers
        last.flags.remove(.hasTransport)
        last.fragmentOffset = 1480
        last.sourcePort = 0
        last.destinationPort = 0
        last.length = headers.length - 1480
        last.label = headers.label ^ 0x2222
        return [first, last]
    }

    private mutating func send(_ number: Int, sender: Int, index: Int, at start: Double) {
        var time = Scene.start + Int64(start * 1000)
        var headers = packet(
            flow(sender, index: index).source.description, "198.51.100.1",
            label: shape.sharesLabel ? 0x5eed : mix(UInt64(number), 0x1abe1),
            id: UInt16(truncatingIfNeeded: number + 1),
            sourcePort: 5000, destinationPort: 53)
        // A fragment is never without an identification.
        if shape.sharesLabel { headers.identification = shape.fragments ? 9 : 0 }
        if shape.fragments {
            headers.length = 2800
            headers.flags.remove(.dontFragment)
            headers.datagramKey = 4 << 56 | 17 << 48 | UInt64(headers.identification)
        }
        if shape.fragmentsIPv6 {
            headers.identification = 0
            headers.length = 3048
            headers.datagramKey = 0
            headers.datagramStart = mix(headers.label, 0x57a7)
            fragmentIdentification &+= 0x1_0001
        }
        stayed = []
        func isLost() -> Bool {
            guard shape.fragmentsIPv6 else { return random.chance(shape.loss) }
            for fragment in 0..<3 where random.chance(shape.loss) { stayed.insert(fragment) }
            return stayed.count == 3
        }
        onLink([number], "s\(sender)", "eth0", .out, sender, &time, headers)
        if isLost() { return }
        onLink([number], "host", "v\(sender)", .in, sender, &time, headers)
        let arrival = time
        if isLost() { return }
        if shape.floods, !shape.fragments, !shape.fragmentsIPv6, random.chance(0.3), shape.senders > 1 {
            let other = (sender + 1) % shape.senders
            var copyTime = time
            onLink([number], "host", "v\(other)", .out, sender, &copyTime, headers)
            onLink([number], "s\(other)", "eth0", .in, sender, &copyTime, headers)
        }
        if !shape.fragments { onLink([number], "host", "br0", .in, sender, &time, headers, step: false) }
        // The router puts datagrams together, to translate them: for that it needs all of them.
        if !stayed.isEmpty { return }
        if shape.fragmentsIPv6 { fragmentIdentification &+= 1 }
        if shape.hasHooks { hook([number], 0, time, arrival, headers) }
        headers.ttl -= 1
        time += 500
        if shape.fragmentsIPv6 ? random.chance(shape.loss) : isLost() { return }
        if shape.hasHooks { hook([number], 1, time, arrival, headers) }
        time += 500
        if shape.hasHooks { hook([number], 2, time, nil, headers) }
        if shape.translates {
            headers.source = address("203.0.113.2")
            headers.sourcePort = translatedPort(sender)
        }
        time += 500
        if shape.hasHooks { hook([number], 3, time, nil, headers) }
        if shape.fragmentsIPv6 ? random.chance(shape.loss) : isLost() { return }
        onLink([number], "host", "up", .out, sender, &time, headers)
        if shape.hasSecondRouter {
            onLink([number], "transit", "down", .in, sender, &time, headers)
            if isLost() { return }
            headers.ttl -= 1
            onLink([number], "transit", "up", .out, sender, &time, headers)
        }
        if isLost() { return }
        onLink([number], "wan", "down", .in, sender, &time, headers)
    }

    mutating func hook(
        _ packets: Set<Int>, _ index: Int, _ time: Int64, _ arrival: Int64?, _ headers: PacketHeaders
    ) {
        let (hook, stage, edge) = Self.hooks[index]
        hookMessages.append((time, packets, id(.hook("host", hook, stage, edge)), arrival, headers))
    }

    /// NFLOG numbers its messages in the order in which they were made, and stamps the arrival in whole microseconds, or
    /// nothing: then the reader's clock counts.
    private mutating func logHooks() {
        for message in hookMessages.sorted(by: { ($0.time, $0.packets.min() ?? 0) < ($1.time, $1.packets.min() ?? 0) })
        {
            sequence += 1
            if let arrival = message.arrival {
                saw(
                    message.packets, message.vantage, arrival / 1000 * 1000, .arrival, message.headers,
                    sequence: sequence)
            } else {
                saw(
                    message.packets, message.vantage,
                    message.time + Int64.random(in: 20_000...80_000, using: &random), .reading, message.headers,
                    sequence: sequence)
            }
        }
    }
}
