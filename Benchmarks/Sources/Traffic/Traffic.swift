import Observations
import Recording
import Network
import Wire

/// UDP packets through a chain of routers, of which the middle one translates the source.
/// Deterministic: the same arguments give the same bytes, but for the run's own number.
public struct Traffic {
    /// Whose packets they are.
    public enum Flows {
        /// Of a thousand flows, each in conntrack's table from the beginning.
        case thousand
        /// Every packet is a flow of its own, of 200 senders and 60,000 ports, and nothing of conntrack is known: as in
        /// a scan, or where name servers are asked from fresh ports.
        case onePerPacket
    }

    /// Vantage points that each packet passes, at least two.
    public let points: Int
    public let packets: Int
    public let flows: Flows
    private let places: [VantagePoint]
    /// Routers passed before each vantage point.
    private let routers: [Int]
    private let translatesAt: Int

    private static let knownFlows = 1000
    private static let senders = 200
    private static let ports = 60_000
    private static let start: Int64 = 1_700_000_000_000_000_000
    private static let server: UInt32 = 0xc633_6401
    private static let outside: UInt32 = 0xcb00_7102

    public init(points: Int, observations: Int, flows: Flows = .thousand) {
        self.points = max(2, points)
        self.flows = flows
        packets = observations / max(2, points)
        var places = [VantagePoint(namespace: "client", kind: .link, device: "eth0", direction: .out)]
        var routers = [0]
        let count = (self.points - 2) / 2
        for router in 0..<count {
            let name = "router\(router)"
            places.append(VantagePoint(namespace: name, kind: .link, device: "in0", direction: .in))
            routers.append(router)
            if router == 0, self.points % 2 == 1 {
                places.append(VantagePoint(namespace: name, kind: .link, device: "br0", direction: .in))
                routers.append(router)
            }
            places.append(VantagePoint(namespace: name, kind: .link, device: "out0", direction: .out))
            routers.append(router + 1)
        }
        places.append(VantagePoint(namespace: "server", kind: .link, device: "eth0", direction: .in))
        routers.append(count)
        self.places = places
        self.routers = routers
        // Without a router nobody translates.
        translatesAt = count == 0 ? Int.max : count / 2
    }

    private var topology: Topology {
        var namespaces: [Namespace] = []
        let names = places.map(\.namespace).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        for (index, name) in names.enumerated() {
            var links: [Link] = []
            if index > 0 {
                let isLast = index == names.count - 1
                let before = names[index - 1] == "client" ? "eth0" : "out0"
                let bridge = name == "router0" && points % 2 == 1
                links.append(
                    Link(
                        name: isLast ? "eth0" : "in0", index: 2, kind: "veth",
                        addresses: isLast
                            ? [IPPrefix(IPAddress(ipv4: Self.server), length: 24)].compactMap(\.self) : [],
                        master: bridge ? "br0" : nil, peer: .init(namespace: names[index - 1], device: before)))
                if bridge {
                    links.append(Link(name: "br0", index: 4, kind: "bridge", bridge: .init(vlanFiltering: false)))
                }
            }
            if index < names.count - 1 {
                let isFirst = index == 0
                let after = index == names.count - 2 ? "eth0" : "in0"
                links.append(
                    Link(
                        name: isFirst ? "eth0" : "out0", index: 3, kind: "veth",
                        addresses: isFirst ? [IPPrefix("10.0.0.2/24")].compactMap(\.self) : [],
                        peer: .init(namespace: names[index + 1], device: after)))
            }
            namespaces.append(Namespace(name: name, inode: UInt64(index + 1), path: "/run/netns/\(name)", links: links))
        }
        return Topology(host: "bench", time: "2023-11-14T22:13:20Z", namespaces: namespaces)
    }

    public func write(to path: String) throws {
        let writer = try RecordingWriter(path: path)
        try writer.write(.topology(topology, timeNanoseconds: Self.start))
        for (number, place) in places.enumerated() {
            try writer.write(.vantage(VantageID(rawValue: UInt32(number)), place))
        }
        if translatesAt != Int.max, flows == .thousand {
            for flow in 0..<Self.knownFlows {
                let original = FlowTuple(
                    source: IPAddress(ipv4: 0x0a00_0002), destination: IPAddress(ipv4: Self.server),
                    sourcePort: UInt16(10_000 + flow), destinationPort: 53, ipProtocol: .udp)
                var reply = original.reversed
                reply.destination = IPAddress(ipv4: Self.outside)
                try writer.write(
                    .flow(
                        FlowEvent(
                            timeNanoseconds: Self.start, namespace: "router\(translatesAt)", change: .present,
                            original: original, reply: reply)))
            }
        }
        var frame = [UInt8](repeating: 0, count: 14 + 20 + 8 + 22)
        for packet in 0..<packets {
            let time = Self.start + Int64(packet) * 10_000
            for point in places.indices {
                fill(&frame, packet: packet, routers: routers[point])
                try frame.withUnsafeBytes { bytes in
                    let headers = dissect(bytes.bytes, linkType: .ethernet, originalLength: bytes.count)
                    var observation = Observation(
                        timeNanoseconds: time + Int64(point) * 50, vantage: VantageID(rawValue: UInt32(point)),
                        clock: .passage, headers: headers)
                    observation.originalLength = UInt32(bytes.count)
                    try writer.write(observation, bytes: bytes.bytes)
                }
            }
            if packet % 1000 == 999 { try writer.write(.watermark(timeNanoseconds: time)) }
        }
        try writer.close()
    }

    /// The address that a packet is sent from, and its port. Senders take their turns, in another order each time that
    /// the ports have come round, so that no flow comes twice in twelve million packets.
    private func source(of packet: Int) -> (address: UInt32, port: UInt16) {
        switch flows {
        case .thousand: (0x0a00_0002, UInt16(10_000 + packet % Self.knownFlows))
        case .onePerPacket:
            (
                0x0a00_0002 + UInt32((packet + packet / Self.ports) % Self.senders),
                UInt16(1024 + packet % Self.ports)
            )
        }
    }

    private func fill(_ frame: inout [UInt8], packet: Int, routers: Int) {
        func put(_ value: UInt64, _ count: Int, at offset: Int) {
            for index in 0..<count {
                frame[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index)))
            }
        }
        put(0x0200_0000_0000 | UInt64(routers * 2 + 1), 6, at: 0)
        put(0x0200_0000_0000 | UInt64(routers * 2), 6, at: 6)
        put(0x0800_4500, 4, at: 12)
        put(UInt64(frame.count - 14), 2, at: 16)
        put(UInt64(packet & 0xffff), 2, at: 18)
        put(0x4000, 2, at: 20)
        put(UInt64(max(1, 64 - routers % 63)), 1, at: 22)
        put(17, 1, at: 23)
        let source = source(of: packet)
        put(UInt64(translatesAt < routers ? Self.outside : source.address), 4, at: 26)
        put(UInt64(Self.server), 4, at: 30)
        put(UInt64(source.port), 2, at: 34)
        put(53, 2, at: 36)
        put(UInt64(frame.count - 34), 2, at: 38)
        put(UInt64(packet), 8, at: 42)
    }
}
