internal import WalkModel
import Wire

/// Ties replies to requests, whichever of them ends first.
///
/// A packet is entered by what its reply will look like, and by what an error about it would quote; a reply that ended
/// first is entered by the same keys. Each is answered, or answers, once.
struct Replies: ~Copyable {
    /// Requests by what their answers will look like.
    private var answers = AnswerTable()
    /// The same by what an error would quote; apart, since hardly any of them is ever asked for.
    private var quotable = AnswerTable()
    /// Replies that ended before what they answer, by the same keys.
    private var early = AnswerTable()
    private var elsewhere = RepliesFromElsewhere()

    /// What the answers to a packet will look like: to its content, and to an error that quotes it; 0 for none.
    struct Keys {
        var content: UInt64 = 0
        var error: UInt64 = 0
    }

    /// Whether an answer to a packet has been seen since `time`.
    func hasAnswer(to keys: Keys, since time: Int64) -> Bool {
        keys.content != 0 && early.holds(keys.content, since: time)
            || keys.error != 0 && early.holds(keys.error, since: time)
    }

    /// Pairs the records from `start` on.
    mutating func pair(from start: Int, in batch: inout WalkBatch) {
        for index in start..<batch.records.count where batch.records[index].stepCount > 0 {
            let stepStart = batch.records[index].stepStart
            let last = stepStart + max(0, batch.records[index].lastStep)
            let identifier = batch.records[index].identifier
            let time = batch.records[index].startNanoseconds
            var answered: WalkIdentifier?
            let first = batch.steps[stepStart].sighting
            let detail = first.detail
            let quotedLabel = detail >= 0 ? batch.details[Int(detail)].quotedLabel : 0
            let transaction = Self.transaction(first)
            if let key = Self.answerKey(first, quotedLabel: quotedLabel) {
                answered = take(key, first)
                if answered == nil, let sent = batch.extra(of: batch.records[index]).sent,
                    let key = Self.answerKey(first, of: sent, quotedLabel: quotedLabel)
                {
                    answered = take(key, first)
                }
                if answered != nil {
                    elsewhere.answered(first.flowKey, first)
                } else {
                    answered = elsewhere.reply(first.flowKey, first, identifier, timeNanoseconds: time)
                }
                if answered == nil {
                    early.insert(key, identifier, timeNanoseconds: time, transaction: transaction)
                }
            }
            batch.records[index].answers = answered
            let keys = Self.keys(of: first, reply: batch.steps[last].sighting.flowKey.reversed)
            // A datagram that answers another asks for nothing itself, as far as can be told.
            if keys.content != 0, answered == nil || first.ipProtocol != IPProtocol.udp.rawValue,
                !isAnswered(keys.content, transaction, &batch.records[index])
            {
                answers.insert(keys.content, identifier, timeNanoseconds: time, transaction: transaction)
                let reply = batch.steps[last].sighting.flowKey.reversed
                if let found = elsewhere.ask(reply, first, identifier, timeNanoseconds: time) {
                    batch.records[index].answeredBy = found
                }
            }
            if keys.error != 0, !isAnswered(keys.error, 0, &batch.records[index]) {
                quotable.insert(keys.error, identifier, timeNanoseconds: time)
            }
        }
    }

    /// What a packet answers by its key. A datagram may be answered by several.
    private mutating func take(_ key: UInt64, _ first: borrowing Sighting) -> WalkIdentifier? {
        first.has(Sighting.quotesPacket)
            ? quotable.take(key)
            : answers.take(
                key, transaction: Self.transaction(first), keeps: first.ipProtocol == IPProtocol.udp.rawValue)
    }

    /// Has a walk answered by what ended before it: its own last sightings may have come late.
    private mutating func isAnswered(_ key: UInt64, _ transaction: UInt16, _ record: inout WalkRecord) -> Bool {
        guard record.answeredBy == nil,
            let reply = early.take(key, since: record.startNanoseconds, transaction: transaction)
        else { return false }
        record.answeredBy = reply
        return true
    }

    /// What a reply by UDP copies from its request; 0 elsewhere, where the key says it all.
    private static func transaction(_ sighting: borrowing Sighting) -> UInt16 {
        guard sighting.ipProtocol == IPProtocol.udp.rawValue else { return 0 }
        return sighting.has(Sighting.quotesPacket) ? 0 : sighting.transaction
    }

    /// What a packet answers, as a key; nil where it can answer nothing.
    ///
    /// - Parameter flow: of the packet where that is another than it was seen with.
    private static func answerKey(
        _ sighting: borrowing Sighting, of flow: FlowKey? = nil, quotedLabel: UInt64
    ) -> UInt64? {
        let flow = if let flow { flow } else { sighting.flowKey }
        if sighting.has(Sighting.quotesPacket) {
            // A redirect is advice: the packet that it quotes went on, and its answer is still to come.
            if sighting.icmpType == IPProtocol(rawValue: sighting.ipProtocol).redirectType { return nil }
            return quotedLabel == 0 ? nil : mix(quotedLabel, 0x6572_726f)
        }
        if sighting.network == .arp {
            return sighting.transaction == 2 ? mix(flow.hash, 0x6172_7000) : nil
        }
        switch IPProtocol(rawValue: sighting.ipProtocol) {
        case .icmp:
            return sighting.icmpType == 0 ? echoKey(sighting, flow) : nil
        case .icmpv6:
            return sighting.icmpType == 129 ? echoKey(sighting, flow) : nil
        case .tcp:
            guard sighting.tcpFlags & 0x10 != 0 else { return nil }
            return mix(flow.hash, UInt64(sighting.tcpAcknowledgement) | 1 << 40)
        case .udp:
            return mix(flow.hash, 1 << 41)
        default:
            return nil
        }
    }

    private static func echoKey(_ sighting: borrowing Sighting, _ flow: FlowKey) -> UInt64 {
        mix(flow.hash, UInt64(sighting.transaction) | 1 << 42)
    }

    /// - Parameter reply: the flow of a reply, as the packet's end sends it.
    static func keys(of sighting: borrowing Sighting, reply: FlowKey) -> Keys {
        var keys = Keys()
        if !sighting.has(Sighting.quotesPacket), sighting.network != .arp {
            keys.error = mix(sighting.label, 0x6572_726f)
        }
        if sighting.network == .arp {
            if sighting.transaction == 1 { keys.content = mix(reply.hash, 0x6172_7000) }
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
