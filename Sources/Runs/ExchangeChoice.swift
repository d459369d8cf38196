internal import Observations
internal import Probes
internal import WalkModel
internal import Wire

/// Which exchanges of a run are those of the packet that was sent in it.
struct ExchangeChoice {
    var request: PacketRequest
    /// As the sender's socket sent it; its source is unspecified where the kernel found none.
    var tuple: FlowTuple

    /// Those of `exchanges` that are the packet's own; empty where it was seen nowhere.
    func chosen(from exchanges: [Exchange]) -> [Exchange] {
        var ours = exchanges.filter { isOurs($0.request, tuple: tuple) }
        // First seen after a translation of the sender's own.
        if ours.isEmpty { ours = exchanges.filter { isTranslated($0.request, tuple: tuple) } }
        // The error of the send is shown only where the packet was seen nowhere.
        let seen = ours.filter { $0.request.hops.contains { $0.vantage != .socket } }
        // Of what is for many the copies of receivers can be walks of their own: the one that left the sender is shown.
        let sent = seen.filter { exchange in
            exchange.request.isForMany && exchange.request.hops.first { $0.vantage == .link }?.direction == .out
        }
        if !sent.isEmpty { return sent }
        return seen.isEmpty ? ours : seen
    }

    private func isOurs(_ walk: Walk, tuple: FlowTuple) -> Bool {
        guard walk.kind.ipProtocol == tuple.ipProtocol, walk.destination == tuple.destination else { return false }
        if !tuple.source.isUnspecified, walk.source != tuple.source { return false }
        // Somebody else's ping between the same addresses.
        if request.kind == .echo { return !walk.kind.isEchoRequest || hasIdentifier(walk, tuple) }
        return walk.sourcePort == nil || tuple.sourcePort == 0 || walk.sourcePort == tuple.sourcePort
    }

    /// Where the first sighting comes after the sender's hooks, one address may be another already; an echo's identifier,
    /// or the port that the kernel chose, and the other address are still the packet's.
    private func isTranslated(_ walk: Walk, tuple: FlowTuple) -> Bool {
        guard walk.answers == nil, walk.kind.ipProtocol == tuple.ipProtocol else { return false }
        if request.kind == .echo { return hasIdentifier(walk, tuple) }
        return walk.sourcePort == tuple.sourcePort
            && (walk.source == tuple.source || walk.destination == tuple.destination)
    }

    private func hasIdentifier(_ walk: Walk, _ tuple: FlowTuple) -> Bool {
        walk.kind.isEchoRequest && walk.kind.icmp?.identifier == tuple.sourcePort
    }
}
