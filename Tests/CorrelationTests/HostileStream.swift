import Network
import Observations
import Wire

/// Streams of packets that are made to cost the engine as much as can be: all begin alike, are equal, or pass at one time.
///
/// Each kind can be as long as is wanted, and the longer one is more of the same.
struct HostileStream {
    enum Kind: String, CaseIterable {
        /// IPv6 datagrams in fragments that begin alike: at one place, at two, and put together in between.
        case fragments
        case forwardedFragments
        case reassembledFragments
        /// The same, with other bytes behind the beginning.
        case fragmentsOfManyDatagrams
        /// Fragments of one datagram, again and again, at random offsets.
        case overlappingFragments
        /// One packet again and again, at one place and on a way.
        case equalPackets
        case equalPacketsOnAWay
        /// Equal packets of many senders that become one flow.
        case manyFlows
        /// All at one time.
        case equalTimes
        /// Each up to a second too early or too late.
        case disorder
        /// One label at random places with random hop limits.
        case anywhere
        /// Ranges of one TCP stream that hold one another.
        case nestedSegments
        /// Equal packets, and a drop for each of them.
        case drops
    }

    var kind: Kind
    var seed: UInt64
    /// Nanoseconds from a packet to the next.
    var interval: Int64 = 3_000_000

    private static let places = 12

    /// - Parameter count: of packets.
    /// - Returns: the packets' events, a watermark every hundred packets.
    func events(count: Int) -> [Event] {
        var random = SplitMix(state: seed)
        var events: [Event] = []
        for place in 0..<Self.places {
            let point = VantagePoint(
                namespace: "n\(place / 4)", kind: .link, device: "d\(place % 4 / 2)",
                direction: place % 2 == 0 ? .in : .out)
            events.append(.vantage(VantageID(rawValue: UInt32(place)), point))
        }
        var watermark = Int64.min
        for number in 0..<count {
            let time = kind == .equalTimes ? 1_000_000_000 : 1_000_000_000 + Int64(number) * interval
            for event in packet(number, at: time, &random) { events.append(event) }
            if number % 100 == 99, kind != .equalTimes {
                watermark = max(watermark, time - (kind == .disorder ? 1_000_000_000 : 100_000_000))
                events.append(.watermark(timeNanoseconds: watermark))
            }
        }
        return events
    }

    private func packet(_ number: Int, at time: Int64, _ random: inout SplitMix) -> [Event] {
        var headers = PacketHeaders()
        headers.network = .ipv4
        headers.source = IPAddress(ipv4: 0xc633_6401)
        headers.destination = IPAddress(ipv4: 0xc000_0201)
        headers.ipProtocol = .udp
        headers.flags = [.hasTransport]
        headers.ttl = 64
        headers.length = 100
        headers.sourcePort = 5000
        headers.destinationPort = 6000
        headers.label = 0xabc
        switch kind {
        case .fragments, .forwardedFragments, .reassembledFragments, .fragmentsOfManyDatagrams:
            return datagram(number, at: time, headers, &random)
        case .overlappingFragments:
            headers.identification = 7
            headers.datagramKey = 4 << 56 | 17 << 48 | 7
            headers.fragmentOffset = UInt16(truncatingIfNeeded: random.next()) & 0xfff8 | 8
            headers.flags = []
            return [see(headers, at: Int(random.next() % 4), time)]
        case .equalPackets, .equalTimes:
            return [see(headers, at: 0, time)]
        case .equalPacketsOnAWay:
            return (0..<4).map { see(headers, at: $0, time + Int64($0) * 1000) }
        case .manyFlows:
            headers.source = IPAddress(ipv4: UInt32(truncatingIfNeeded: number))
            let inside = see(headers, at: 0, time)
            headers.source = IPAddress(ipv4: 0xcb00_7102)
            headers.sourcePort = UInt16(truncatingIfNeeded: number)
            headers.ttl = 63
            return [inside, see(headers, at: 1, time + 1000)]
        case .disorder:
            let jitter = Int64(random.next() % 1_900_000_000) - 950_000_000
            return [see(headers, at: Int(random.next() % 4), time + jitter)]
        case .anywhere:
            headers.ttl = UInt8(truncatingIfNeeded: random.next())
            headers.sourcePort = UInt16(random.next() % 3)
            return [see(headers, at: Int(random.next() % UInt64(Self.places)), time)]
        case .nestedSegments:
            headers.ipProtocol = .tcp
            headers.tcpFlags = 0x10
            headers.tcpSequence = UInt32(random.next() % 1000)
            headers.payloadLength = 60_000 - UInt32(random.next() % 30_000)
            headers.label = random.next() | 1
            return [see(headers, at: 1 + 2 * Int(random.next() % 3), time)]
        case .drops:
            let drop = DropEvent(
                timeNanoseconds: time, namespace: "elsewhere", reason: "NOT_SPECIFIED", location: "f",
                headers: PacketHeadersRecord(headers))
            return [see(headers, at: 0, time), .drop(drop)]
        }
    }

    private func datagram(_ number: Int, at time: Int64, _ base: PacketHeaders, _ random: inout SplitMix) -> [Event] {
        var headers = base
        headers.network = .ipv6
        headers.source = IPAddress(high: 0xfd00 << 48, low: 1)
        headers.destination = IPAddress(high: 0xfd00 << 48, low: 2)
        headers.length = 2048
        headers.datagramStart = 0x57a7
        if kind == .fragmentsOfManyDatagrams { headers.label = random.next() | 1 }
        func pieces(_ identification: Int, at place: Int, _ ttl: UInt8) -> [Event] {
            var piece = headers
            piece.ttl = ttl
            piece.identification = UInt16(truncatingIfNeeded: identification)
            piece.datagramKey = 6 << 56 | 17 << 48 | UInt64(UInt32(truncatingIfNeeded: identification))
            piece.label = UInt64(identification) << 1 | 1
            piece.flags = [.hasTransport, .moreFragments]
            var last = piece
            last.flags = []
            last.fragmentOffset = 1448
            last.datagramStart = 0
            last.label ^= 1 << 60
            let passage = time + Int64(place) * 1000
            return [see(piece, at: place, passage), see(last, at: place, passage + 1)]
        }
        var events = pieces(2 * number, at: 0, 64)
        switch kind {
        case .forwardedFragments:
            events += pieces(2 * number, at: 1, 63)
        case .reassembledFragments, .fragmentsOfManyDatagrams:
            headers.ttl = 63
            events.append(see(headers, at: 2, time + 500))
            events += pieces(2 * number + 1, at: 3, 63)
        default:
            break
        }
        return events
    }

    private func see(_ headers: PacketHeaders, at place: Int, _ time: Int64) -> Event {
        .packet(
            Observation(
                timeNanoseconds: time, vantage: VantageID(rawValue: UInt32(place)), clock: .passage, headers: headers))
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
