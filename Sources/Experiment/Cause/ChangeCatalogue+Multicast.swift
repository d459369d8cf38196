internal import Network
internal import Probes
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// A multicast routing daemon that forwards the packet's group, by each device that it may come in by. No command starts one.
    func multicastRouters(_ namespace: Namespace) -> [Candidate] {
        let group = request.destination
        guard group.isMulticast, !isOfLink(group), namespace.name != from else { return [] }
        let devices = namespace.links.filter { $0.isUp && !$0.isLoopback && $0.master == nil }.map(\.name)
        guard devices.count > 1 else { return [] }
        return devices.map { device in
            Candidate(
                .program, [],
                condition: "a program in \(namespace.name) that forwards \(group) from \(device) (multicast routing)",
                code: "multicast-not-forwarded", place: place(namespace, device: device), breadth: .flow,
                object: "\(namespace.name) multicast routing",
                trialChange: TrialChange(
                    forwarding: group, from: device, to: devices.filter { $0 != device }, in: namespace.name))
        }
    }

    /// No router forwards what is for one link: 224.0.0.0/24 (RFC 5771), ff01::/16 and ff02::/16 (RFC 4291).
    private func isOfLink(_ group: IPAddress) -> Bool {
        group.isIPv4 ? group.low >> 8 == 0xe00000 : group.high >> 48 & 0xf < 3
    }
}
