import Network
import Observations
import WalkModel
import Wire

/// The first line of a connection: how it went, between whom, and how much there was of it.
struct ConnectionHeadline {
    var mark: WalkHeadline.Mark
    /// `closed`, `dropped`, `3 of 3 answered`, …
    var outcome: String
    /// `TCP web → 198.51.100.1:80 (wan)`
    var subject: String
    /// `2.10 MB received in 12.4 ms`
    var remark: String?

    init(_ connection: Connection) {
        mark = connection.outcome == .delivered ? .good : connection.outcome == .left ? .open : .bad
        outcome = Self.outcome(connection)
        subject = Self.subject(connection)
        remark = Self.remark(connection)
    }

    private static func outcome(_ connection: Connection) -> String {
        switch connection.outcome {
        case .delivered:
            switch connection.kind {
            case .tcp: return connection.ending.rawValue
            case .echo: return "answered"
            case .udp: return connection.received.packets > 0 ? "answered" : "delivered"
            case .other: return "delivered"
            }
        case .left: return connection.example.request.cutOff == nil ? "left" : "incomplete"
        case .impaired: return "impaired"
        case .unanswered: return connection.kind == .echo ? "not answered" : "no reply"
        case .unsent: return "not sent"
        case .rejected: return connection.ending == .refused && connection.kind == .tcp ? "refused" : "rejected"
        case .dropped, .lost:
            let request = connection.example.request
            // Its requests arrived.
            let isReply = !request.hasStopped && connection.example.reply?.hasStopped == true
            return (isReply ? "reply " : "") + connection.outcome.rawValue
        }
    }

    static func subject(_ connection: Connection) -> String {
        let kind =
            switch connection.kind {
            case .echo: "ping"
            case .other:
                [PacketWords.kind(connection.example.request), messageName(connection)]
                    .compactMap(\.self).joined(separator: " ")
            case .tcp, .udp: connection.lookupCount > 0 ? "DNS" : connection.protocol.uppercased()
            }
        let server = connection.server.address.text(port: connection.server.port)
        let name = connection.server.namespace.map { $0 == connection.client.namespace ? "" : " (\($0))" } ?? ""
        return "\(kind) \(connection.client.namespace ?? connection.client.address.description) → \(server)\(name)"
    }

    private static func messageName(_ connection: Connection) -> String? {
        guard let message = connection.example.request.kind.icmp, !message.isEcho else { return nil }
        return message.name
    }

    private static func remark(_ connection: Connection) -> String? {
        let duration = Durations.text(nanoseconds: connection.durationNanoseconds)
        var parts: [String] = []
        if connection.kind == .udp, connection.lookupCount > 0,
            let lookup = connection.lookups.first(where: { $0.answer?.responseCode != 0 }) ?? connection.lookups.first
        {
            // What went wrong is told first.
            parts.append(ConnectionText.words(lookup))
            if connection.lookupCount > 1 { parts.append("\(connection.lookupCount) questions") }
        } else if connection.kind == .echo {
            parts.append("\(connection.replies) of \(connection.requests) answered")
            if let times = connection.roundTrip {
                let texts = [times.minimumNanoseconds, times.averageNanoseconds, times.maximumNanoseconds]
                parts.append(
                    times.count == 1
                        ? Durations.text(nanoseconds: texts[0])
                        : "min/avg/max " + texts.map { Durations.text(nanoseconds: $0) }.joined(separator: " / "))
            }
        } else if connection.hasFailed {
            let example = connection.example
            if example.request.hasStopped, connection.outcome != .rejected {
                parts += [WalkHeadline(example.request, reply: example.reply).remark].compactMap(\.self)
            }
            if connection.exchanges > 1 {
                parts.append("\(connection.failures) of \(connection.exchanges) packets failed")
                parts.append("in \(duration)")
            }
        } else {
            if connection.received.bytes > 0 { parts.append("\(Quantity.bytes(connection.received.bytes)) received") }
            if connection.sent.bytes > 0 { parts.append("\(Quantity.bytes(connection.sent.bytes)) sent") }
            if parts.isEmpty {
                parts.append(Quantity.text(connection.sent.packets + connection.received.packets, "packet"))
            }
            parts.append("in \(duration)")
        }
        return parts.joined(separator: ", ").replacing(", in ", with: " in ")
    }
}
