import Observations
import Network
import Wire

@testable import Correlation
@testable import WalkModel

/// How a sender's TCP stream comes: in bursts of packets, that a device cuts and another one may put together.
struct StreamShape {
    var bursts = 3
    /// Packets of a burst, and segments that each of them holds.
    var packets = 1...3
    var segments = 1...6
    /// Where on the way, by `Generator.stations`, packets are cut, and put together; nil for nowhere.
    var cut: Int?
    var merge: Int?
    /// Whether segments of several packets may be put together to one.
    var mergesPackets = false
    var hasIdentification = true
    var hasTimestamp = true
    /// How likely a packet is to be sent again, all of it or a segment, with a time stamp of its own or not.
    var again = 0.0

    /// Whether what is sent again can be told from what was sent first.
    var tellsApart: Bool { hasIdentification || again == 0 }
}

extension Generator {
    /// A packet under way: as sent, a segment, or several put together.
    private struct Unit {
        var start: UInt32
        var length: UInt32
        var packets: Set<Int>
        var identification: UInt16
        var timestamp: UInt32
        var flags: UInt8
        var time: Int64
    }

    private static let segment: UInt32 = 1000

    /// The links of the way, in its order.
    private var stations: [(namespace: String, device: String, direction: VantagePoint.Direction)] {
        var stations: [(String, String, VantagePoint.Direction)] = [("", "eth0", .out), ("host", "", .in)]
        stations.append(("host", "up", .out))
        if shape.hasSecondRouter { stations += [("transit", "down", .in), ("transit", "up", .out)] }
        return stations + [("wan", "down", .in)]
    }

    var stationCount: Int { stations.count }

    /// - Returns: the number of the next packet.
    mutating func sendStream(_ stream: StreamShape, sender: Int, from first: Int, at start: Double) -> Int {
        var number = first
        var time = Scene.start + Int64(start * 1000)
        // Sequence numbers wrap.
        var sequence = UInt32.random(in: .min ... .max, using: &random)
        let acknowledgement = UInt32.random(in: .min ... .max, using: &random)
        var identification = stream.hasIdentification ? UInt16.random(in: .min ... .max, using: &random) : 0
        for burst in 0..<stream.bursts {
            let timestamp = stream.hasTimestamp ? UInt32(1000 + burst) : 0
            var units: [Unit] = []
            func unit(_ start: UInt32, _ length: UInt32, timestamp: UInt32, flags: UInt8) -> Unit {
                let unit = Unit(
                    start: start, length: length, packets: [number], identification: identification,
                    timestamp: timestamp, flags: flags, time: time)
                // RFC 6864 leaves it free; Linux counts on by the segments.
                if stream.hasIdentification {
                    identification &+= UInt16((length + Self.segment - 1) / Self.segment)
                    if identification == 0 { identification = 1 }
                }
                number += 1
                return unit
            }
            for _ in 0..<Int.random(in: stream.packets, using: &random) {
                let segments = UInt32(Int.random(in: stream.segments, using: &random))
                let isShort = random.chance(0.3)
                let length = segments * Self.segment - (isShort ? UInt32.random(in: 1...900, using: &random) : 0)
                units.append(unit(sequence, length, timestamp: timestamp, flags: isShort ? 0x18 : 0x10))
                sequence &+= length
            }
            let sentFirst = units
            travel(units, stream, sender: sender, acknowledgement)
            time += Int64.random(in: 2_000_000...6_000_000, using: &random)
            for old in sentFirst where random.chance(stream.again) {
                let isWhole = random.chance(0.5)
                let again = unit(
                    old.start, isWhole ? old.length : min(old.length, Self.segment),
                    timestamp: stream.hasTimestamp && random.chance(0.7) ? timestamp + 100 : timestamp,
                    flags: isWhole ? old.flags : 0x10)
                travel([again], stream, sender: sender, acknowledgement)
                time += Int64.random(in: 2_000_000...6_000_000, using: &random)
            }
        }
        return number
    }

    private mutating func travel(_ sent: [Unit], _ stream: StreamShape, sender: Int, _ acknowledgement: UInt32) {
        var units = sent
        for (index, station) in stations.enumerated() {
            if index > 0 { units.removeAll { _ in random.chance(shape.loss) } }
            if index == stream.cut { units = units.flatMap(Self.segments) }
            if index == stream.merge { units = merged(units, stream) }
            for position in units.indices {
                let unit = units[position]
                var headers = headers(unit, sender: sender, acknowledgement)
                let isBehind = index > 1
                if isBehind {
                    headers.ttl -=
                        station.namespace == "wan" && shape.hasSecondRouter
                            || station.device == "up"
                                && station.namespace == "transit"
                        ? 2 : 1
                    if shape.translates {
                        headers.source = address("203.0.113.2")
                        headers.sourcePort = translatedPort(sender)
                    }
                }
                let namespace = index == 0 ? "s\(sender)" : station.namespace
                let device = index == 1 ? "v\(sender)" : station.device
                var time = unit.time
                onLink(unit.packets, namespace, device, station.direction, sender, &time, headers)
                if index == 1 {
                    let arrival = time
                    onLink(unit.packets, "host", "br0", .in, sender, &time, headers, step: false)
                    if shape.hasHooks { passHooks(unit.packets, sender, arrival, &time, headers) }
                }
                units[position].time = time
            }
        }
    }

    private mutating func passHooks(
        _ packets: Set<Int>, _ sender: Int, _ arrival: Int64, _ time: inout Int64, _ seen: PacketHeaders
    ) {
        var headers = seen
        hook(packets, 0, time, arrival, headers)
        headers.ttl -= 1
        time += 500
        hook(packets, 1, time, arrival, headers)
        time += 500
        hook(packets, 2, time, nil, headers)
        if shape.translates {
            headers.source = address("203.0.113.2")
            headers.sourcePort = translatedPort(sender)
        }
        time += 500
        hook(packets, 3, time, nil, headers)
    }

    private static func segments(_ unit: Unit) -> [Unit] {
        guard unit.length > segment else { return [unit] }
        return stride(from: 0, to: unit.length, by: Int(segment)).enumerated().map { count, offset in
            var part = unit
            part.start = unit.start &+ offset
            part.length = min(segment, unit.length - offset)
            if unit.identification != 0 { part.identification = unit.identification &+ UInt16(count) }
            if offset + part.length < unit.length { part.flags &= ~8 }
            return part
        }
    }

    /// As GRO does it: what follows in the stream with the same header and the next identification, up to a segment
    /// that is smaller or pushes.
    private mutating func merged(_ units: [Unit], _ stream: StreamShape) -> [Unit] {
        var result: [Unit] = []
        var held = 0
        for unit in units {
            let limit = stream.mergesPackets ? 8 : Int.max
            if let last = result.last, last.start &+ last.length == unit.start, last.flags & 8 == 0,
                last.timestamp == unit.timestamp, unit.length <= Self.segment, held < limit,
                last.length == UInt32(held) * Self.segment,
                last.identification == 0 || unit.identification == last.identification &+ UInt16(held),
                stream.mergesPackets || last.packets == unit.packets
            {
                result[result.count - 1].length += unit.length
                result[result.count - 1].packets.formUnion(unit.packets)
                result[result.count - 1].flags |= unit.flags
                result[result.count - 1].time = unit.time
                held += 1
            } else {
                result.append(unit)
                held = Int(unit.length / Self.segment)
            }
        }
        return result
    }

    private func headers(_ unit: Unit, sender: Int, _ acknowledgement: UInt32) -> PacketHeaders {
        let flow = flow(sender, index: 0)
        var headers = packet(
            flow.source.description, "198.51.100.1", label: 0, id: unit.identification, proto: .tcp,
            sourcePort: flow.sourcePort, destinationPort: flow.destinationPort)
        headers.tcpSequence = unit.start
        headers.tcpAcknowledgement = acknowledgement
        headers.tcpFlags = unit.flags
        headers.payloadLength = unit.length
        headers.length = unit.length + 52
        if unit.timestamp != 0 {
            headers.tcpTimestamp = unit.timestamp
            headers.flags.insert(.hasTCPTimestamp)
        }
        headers.label = mix(
            mix(UInt64(unit.start) << 32 | UInt64(acknowledgement), UInt64(unit.timestamp) << 32 | UInt64(unit.length)),
            UInt64(unit.identification) << 8 | UInt64(unit.flags))
        return headers
    }
}
