import Wire

/// Ties replies to requests, in the order in which walks end.
extension EngineCore {
    mutating func answer(from start: Int) {
        for index in batch.records.indices.dropFirst(start) {
            let record = batch.records[index]
            guard record.stepCount > 0 else { continue }
            let first = batch.steps[record.stepStart]
            let last = batch.steps[record.stepStart + max(0, record.lastStep)]
            var answered: WalkIdentifier?
            if let key = answerKey(first) { answered = answers.take(key) }
            batch.records[index].answers = answered
            let keys = requestKeys(first, last)
            // A datagram that answers another asks for nothing itself, as far as can be told.
            if keys.content != 0, answered == nil || first.sighting.ipProtocol != IPProtocol.udp.rawValue {
                answers.insert(keys.content, record.identifier, timeNanoseconds: record.startNanoseconds)
            }
            if keys.error != 0 {
                answers.insert(keys.error, record.identifier, timeNanoseconds: record.startNanoseconds)
            }
        }
    }

    /// What a packet answers, as a key; nil where it can answer nothing.
    private func answerKey(_ step: Step) -> UInt64? {
        let sighting = step.sighting
        if sighting.has(Sighting.quotesPacket) {
            guard let detail = batch.detail(of: step), detail.quotedLabel != 0 else { return nil }
            return mix(detail.quotedLabel, 0x6572_726f)
        }
        if sighting.network == .arp {
            return sighting.icmpSequence == 2 ? mix(sighting.flowKey.hash, 0x6172_7000) : nil
        }
        switch IPProtocol(rawValue: sighting.ipProtocol) {
        case .icmp:
            return sighting.icmpType == 0 ? echoKey(sighting, sighting.flowKey) : nil
        case .icmpv6:
            return sighting.icmpType == 129 ? echoKey(sighting, sighting.flowKey) : nil
        case .tcp:
            guard sighting.tcpFlags & 0x10 != 0 else { return nil }
            return mix(sighting.flowKey.hash, UInt64(sighting.tcpAcknowledgement) | 1 << 40)
        case .udp:
            return mix(sighting.flowKey.hash, 1 << 41)
        default:
            return nil
        }
    }

    private func echoKey(_ sighting: Sighting, _ flow: FlowKey) -> UInt64 {
        mix(flow.hash, UInt64(sighting.icmpSequence) | 1 << 42)
    }

    /// What the answers to a packet will look like: to its content, and to an error that quotes it; 0 for none.
    private func requestKeys(_ first: Step, _ last: Step) -> (content: UInt64, error: UInt64) {
        let sighting = first.sighting
        var keys: (content: UInt64, error: UInt64) = (0, 0)
        if !sighting.has(Sighting.quotesPacket), sighting.network != .arp {
            keys.error = mix(sighting.label, 0x6572_726f)
        }
        let reply = last.sighting.flowKey.reversed
        if sighting.network == .arp {
            if sighting.icmpSequence == 1 { keys.content = mix(reply.hash, 0x6172_7000) }
            return keys
        }
        switch IPProtocol(rawValue: sighting.ipProtocol) {
        case .icmp:
            if sighting.icmpType == 8 { keys.content = echoKey(sighting, reply) }
        case .icmpv6:
            if sighting.icmpType == 128 { keys.content = echoKey(sighting, reply) }
        case .tcp:
            // SYN and FIN take a number of the sequence space each (RFC 9293 section 3.4).
            let control = UInt32(sighting.tcpFlags & 1) + UInt32(sighting.tcpFlags >> 1 & 1)
            let length = sighting.payloadLength &+ control
            if length > 0, sighting.tcpFlags & 4 == 0 {
                keys.content = mix(reply.hash, UInt64(sighting.tcpSequence &+ length) | 1 << 40)
            }
        case .udp:
            keys.content = mix(reply.hash, 1 << 41)
        default:
            break
        }
        return keys
    }
}
