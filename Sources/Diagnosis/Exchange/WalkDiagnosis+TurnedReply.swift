internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A reply that a router sends out by another device than its request came in by.
extension WalkDiagnosis {
    /// Nil where the reply did not leave what can be seen, or took the path of its request. What is beyond may lead to the
    /// sender: that is not known.
    func turnedReply(_ reply: Walk, _ reading: WalkReading) -> [Finding]? {
        guard reply.hasLeft, reply.cutOff == nil, isComplete,
            let turn = WalkReading(walk: reply, topology: topology).stays().last, turn.inDevice != nil,
            let device = turn.outDevice
        else { return nil }
        let passed = reading.stays()
        guard let index = passed.firstIndex(where: { $0.namespace.name == turn.namespace.name }),
            let entered = passed[index].inDevice, entered != device
        else { return nil }
        let choice = inputs(reading, isReply: true).route(turn.exit, turn.namespace, inDevice: turn.inDevice)
        guard choice.kind == .unicast, choice.device == device else { return nil }
        let former = index > 0 ? passed[index - 1] : nil
        let name = turn.namespace.name
        let (source, destination) = (turn.exit.source, turn.exit.destination)
        let candidate = WrongRoute().candidate(
            at: Finding.Place(namespace: name, device: device),
            "the request came into \(name) by \(entered)\(former.map { " from \($0.namespace.name)" } ?? ""), but \(name) sends the reply \(source) > \(destination) out by \(device) (\(choice.text)); the network beyond is not visible from here",
            evidence: [
                Fact(choice.evidence, "route in \(name) to \(destination): \(choice.text)"),
                .seen("the reply left \(name) by \(device)"),
            ], remedy: former.flatMap { wayBack(to: destination, turn.namespace, by: entered, of: $0) },
            isCertain: false, reasons: [])
        return finding(of: candidate, reading)
    }

    /// A route for the sender's network by whoever handed the request over; nil where that one has no address on the link.
    private func wayBack(
        to destination: IPAddress, _ namespace: Namespace, by device: String, of former: WalkReading.Stay
    ) -> Remedy? {
        let own = namespace[device: device]?.addresses ?? []
        let gateway = former.outDevice.flatMap { former.namespace[device: $0] }?.addresses.first { address in
            address.address.family == destination.family && own.contains { $0.contains(address.address) }
        }
        guard let gateway, gateway.address != destination else { return nil }
        let holder = topology.namespaces.first { $0.holds(destination) }
        let network = holder?.links.flatMap(\.addresses).first {
            $0.contains(destination) && $0.length < destination.bitWidth
        }
        let target = network?.network.description ?? destination.description
        return Remedy([.ip(namespace, destination.family, "route add \(target) via \(gateway.address)")])
    }
}
