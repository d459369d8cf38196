internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// What conntrack remembers, or does not.
extension WalkDiagnosis {
    /// A translation that the rules have for the packet and that it was seen without, where it is known why.
    func unmetTranslation(_ reading: WalkReading) -> Candidate? {
        guard let unmet = UnmetTranslation.first(on: reading, flows: context.flows) else { return nil }
        switch unmet.why {
        case .older(let flow): return StaleConntrack().candidate(unmet, flow)
        case .untracked(let rule): return ConnectionUntracked().candidate(unmet, by: rule)
        case .unknown: return nil
        }
    }

    /// The same where nothing says why: a private source that was seen to leave refutes what the rules promise.
    func refutedTranslation(_ reading: WalkReading) -> Candidate? {
        guard isComplete, let unmet = UnmetTranslation.first(on: reading, flows: context.flows),
            case .unknown = unmet.why
        else { return nil }
        return NoSourceNAT().candidate(unmet)
    }

    /// A segment of a connection under way that a router took for itself, since it does not translate it any more.
    ///
    /// - Parameter arrived: the segment, in the namespace that took it.
    func forgottenConnection(_ arrived: PacketState, in namespace: Namespace, isRefused: Bool) -> Candidate? {
        guard arrived.ipProtocol == .tcp, let flags = arrived.tcpFlags, flags & 0b110 == 0 else { return nil }
        let own = context.flows.filter {
            $0.namespace == namespace.name && ($0.reply.covers(arrived) || $0.original.covers(arrived))
                && $0.original != $0.reply.reversed
        }
        if let last = own.last, last.change == .destroy {
            return ConntrackExpired().candidate(arrived, in: namespace, flow: last)
        }
        // That it had an entry is likely only where it could have one: a router that translates, and no socket of its own.
        guard isRefused, own.isEmpty, !namespace.netfilter.nat.isEmpty,
            !namespace.listeners.contains(where: { $0.isOn(.tcp, port: arrived.destinationPort) })
        else { return nil }
        return ConntrackExpired().candidate(arrived, in: namespace, flow: nil)
    }
}
