internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A route of kind `local` makes a namespace take packets for itself that are for an address of somebody else.
extension WrongRoute {
    func takenForOwn(_ step: SocketStep, _ surroundings: Surroundings) -> [Judgement] {
        guard step.isUnserved(surroundings), let foreign = step.foreignRoute(surroundings) else { return [] }
        let (name, destination, route) = (step.namespace.name, step.packet.destination, foreign.route)
        let holders = foreign.holders.map { "\($0.link.name) in \($0.namespace.name)" }.joined(separator: ", ")
        let text = "local \(route.destinationText)" + (route.device.map { " dev \($0)" } ?? "")
        let device: CommandWords = route.device.map { "dev \($0)" } ?? ""
        let found = candidate(
            at: Finding.Place(namespace: name, device: step.device),
            "\(name) takes packets to \(destination) for itself, since its table local has the route \(text), but \(destination) is configured on \(holders): they go no further, and nothing in \(name) listens there",
            evidence: [
                .state("route in \(name): \(text) table local"),
                .state("\(destination) is configured on \(holders), and on no device of \(name)"),
            ],
            remedy: Remedy([
                .ip(
                    step.namespace, destination.family,
                    "route del local \(route.destinationText) \(words: device) table local")
            ]), reasons: NoListener.dropReasons)
        return [.candidate(found.with([.explainsSilence, .concernsDatagram]))]
    }
}

extension SocketStep {
    /// The route by which the namespace takes for itself what is for an address of other namespaces alone; nil where its own
    /// devices have the address, or nobody that it would otherwise send to has it.
    func foreignRoute(_ surroundings: Surroundings) -> (route: Route, holders: [Surroundings.Holder])? {
        let destination = packet.destination
        guard !namespace.holds(destination), !packet.isAssignedSocket, packet.isDestinationTranslated != true,
            let route = namespace.bestRoute(to: destination, table: .local), route.kind == .local,
            route.origin != .kernel
        else { return nil }
        let choice = namespace.lookUpRoute(to: destination, source: packet.source, mark: packet.mark, inDevice: device)
        guard choice.kind == .local, choice.table == .local,
            namespace.bestRoute(to: destination, table: .main)?.kind == .unicast
        else { return nil }
        let holders = surroundings.holders(of: destination).filter { $0.namespace.name != namespace.name }
        return holders.isEmpty ? nil : (route, holders)
    }
}
