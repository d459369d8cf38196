internal import Observations
import Network
import Observations
import WalkModel
import Wire

/// The first line of a walk: how it ended, what it was, and the one thing more that matters.
struct WalkHeadline {
    enum Mark {
        case good
        case open
        case bad
    }

    var mark: Mark
    /// `delivered`, `dropped`, `not sent`, …
    var outcome: String
    /// `ping mynamespace → 198.51.100.1`
    var subject: String
    /// `seq 1`
    var detail: String?
    /// `answered after 0.32 ms`, `at host forward`
    var remark: String?

    init(_ walk: Walk, reply: Walk?) {
        let isAstray = Exchange(request: walk, reply: reply).isReplyAstray
        let failed = isAstray || walk.findings.contains { $0.severity == .error }
        let answered = reply?.cameToReceiver == true
        switch walk.outcome {
        case .delivered:
            mark = failed ? .bad : .good
            outcome = !failed ? "delivered" : answered ? "no valid reply" : "arrived, no reply"
        case .left:
            mark = failed ? .bad : answered ? .good : .open
            outcome =
                switch (failed, answered) {
                case (true, true): "no valid reply"
                case (true, false): "no reply possible"
                case (false, true): "delivered"
                case (false, false): walk.cutOff == nil ? "left" : "incomplete"
                }
        case .dropped, .rejected, .lost:
            mark = .bad
            outcome = walk.outcome.rawValue
        case .unsent:
            mark = .bad
            outcome = "not sent"
        }
        if let reply, !answered, mark == .good {
            // The request arrived, its reply did not: that is how the exchange ended.
            mark = reply.outcome == .left ? .open : .bad
            if mark == .bad { outcome = "reply \(reply.outcome.rawValue)" }
        }
        // What was first seen as it came in was sent by somebody who can't be seen.
        let isFromOutside = walk.hops.first.map { $0.vantage == .link && $0.direction == .in && $0.device != "lo" }
        let sender = isFromOutside == true ? nil : walk.hops.first?.namespace ?? walk.stoppedAt?.namespace
        let destination = walk.destination.text(port: walk.destinationPort)
        subject = "\(PacketWords.kind(walk)) \(sender ?? walk.source.description) → \(destination)"
        detail = PacketWords.detail(walk)
        remark = Self.remark(walk, reply: reply)
    }

    /// What is said of the reply that was not seen.
    private static func silence(_ walk: Walk) -> String {
        if !walk.awaitsAnswer { return "" }
        let many = walk.destination.isMulticast ? "multicast" : "broadcast"
        return walk.owesReply ? ", no reply seen" : ", no reply seen; none is owed to a \(many)"
    }

    private static func remark(_ walk: Walk, reply: Walk?) -> String? {
        switch walk.outcome {
        case .delivered, .left:
            if let reply {
                guard reply.cameToReceiver else { return nil }
                let elapsed = reply.endNanoseconds - walk.startNanoseconds
                return "reply after \(Durations.text(nanoseconds: elapsed))"
            }
            if walk.outcome == .left {
                let last = WalkPath(walk).hops.last
                if let edge = walk.cutOff {
                    let place = last.map { "\($0.namespace) \($0.place)" } ?? "nowhere"
                    switch edge {
                    case .beginning: return "capture began here: last seen at \(place)"
                    case .end: return "capture ended here: last seen at \(place)"
                    case .losses: return "sightings were lost: last seen at \(place)"
                    }
                }
                if walk.isAtReceiver, let last {
                    let arrival = "came in by \(last.device ?? "an unknown device") of \(last.namespace)"
                    return arrival + silence(walk)
                }
                let place = [last?.namespace, last?.device.map { "by \($0)" }].compactMap(\.self)
                return "left \(place.joined(separator: " "))"
            }
            let time = "after \(Durations.text(nanoseconds: walk.durationNanoseconds))"
            return time + silence(walk)
        case .dropped, .rejected:
            guard let stop = walk.stoppedAt else { return nil }
            let place = stop.fullPlace
            return place.isEmpty ? stop.reason : "at \(place)"
        case .lost:
            guard let last = walk.lastSeen, let next = walk.expectedNext else { return nil }
            return "between \(last.namespace) \(last.place) and "
                + "\(next.namespace) \(next.place)"
        case .unsent:
            guard let stop = walk.stoppedAt, let reason = stop.reason else { return nil }
            guard let drop = stop.dropReason, drop.entry != nil else { return "the sender got: \(reason)" }
            // A drop reason of the kernel is nothing that a program gets.
            let error = drop.senderError.flatMap(SendError.entry)?.name
            if drop == .neighbourFailed { return "the next hop did not resolve: the sender gets EHOSTUNREACH" }
            return error.map { "the sender gets \($0) (\(drop))" } ?? "the kernel freed it: \(drop)"
        }
    }
}

extension WalkHeadline.Mark {
    var sign: String {
        switch self {
        case .good: "✔"
        case .open: "↗"
        case .bad: "✘"
        }
    }

    var style: TextStyle {
        switch self {
        case .good: .good
        case .open: .caution
        case .bad: .bad
        }
    }
}
