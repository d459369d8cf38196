import Ruleset
import Wire

/// Ethernet frames with right checksums, from what a packet is to be.
enum FrameBuilder {
    static func frame(_ state: PacketState, _ packet: [UInt8]) -> [UInt8] {
        bytes(state.macDestination) + bytes(state.macSource)
            + (state.source.isIPv4 ? [0x08, 0x00] : [0x86, 0xdd]) + packet
    }

    static func packet(_ state: PacketState, payload: Int) -> [UInt8] {
        let transport = Self.transport(state, payload: [UInt8](repeating: 0x61, count: payload))
        let trafficClass = (state.dscp ?? 0) << 2
        let ttl = state.ttl ?? 64
        if !state.source.isIPv4 {
            return [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0] + big(transport.count)
                + [state.ipProtocol.rawValue, ttl] + state.source.bytes + state.destination.bytes + transport
        }
        var header: [UInt8] =
            [0x45, trafficClass] + big(20 + transport.count)
            + [0x12, 0x34, state.dontFragment == true ? 0x40 : 0, 0, ttl, state.ipProtocol.rawValue, 0, 0]
            + state.source.bytes + state.destination.bytes
        header.replaceSubrange(10..<12, with: big(sum(header)))
        return header + transport
    }

    private static func transport(_ state: PacketState, payload: [UInt8]) -> [UInt8] {
        let ports = big(Int(state.sourcePort ?? 0)) + big(Int(state.destinationPort ?? 0))
        var bytes: [UInt8]
        var place: Int
        switch state.ipProtocol {
        case .tcp:
            let isAnswer = state.tcpFlags.map { $0 & 16 != 0 } ?? false
            bytes =
                ports + [0, 0, 0, isAnswer && !state.isReply ? 2 : 1, 0, 0, 0, isAnswer ? 2 : 0]
                + [0x50, state.tcpFlags ?? 0] + big(1024) + [0, 0, 0, 0] + payload
            place = 16
        case .udp:
            bytes = ports + big(8 + payload.count) + [0, 0] + payload
            place = 6
        default:
            bytes = [state.icmpType ?? 0, state.icmpCode ?? 0, 0, 0, 0, 7, 0, 1] + payload
            place = 2
        }
        let pseudo =
            state.source.bytes + state.destination.bytes + [0, state.ipProtocol.rawValue] + big(bytes.count)
        bytes.replaceSubrange(place..<place + 2, with: big(sum((state.ipProtocol == .icmp ? [] : pseudo) + bytes)))
        return bytes
    }

    private static func bytes(_ address: MACAddress?) -> [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: (address?.value ?? 0) >> UInt64(40 - 8 * $0)) }
    }

    private static func big(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] }

    /// The internet checksum (RFC 1071).
    private static func sum(_ bytes: [UInt8]) -> Int {
        var total = 0
        for (index, byte) in bytes.enumerated() { total += index % 2 == 0 ? Int(byte) << 8 : Int(byte) }
        while total > 0xffff { total = total & 0xffff + total >> 16 }
        return ~total & 0xffff
    }
}
