internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Rules that a program wrote for a network of its own, and that are gone while the network is still there: somebody flushed the
/// firewall, or another one did when it started. A raw rule would mend one packet's trouble; the program writes all of them again.
enum FlushedRules {
    private struct Writer {
        var owner: RuleOwner
        var command: CommandWords
        var note: String
    }

    private static let writers: [Workload.Manager: Writer] = [
        .docker: Writer(
            owner: .docker, command: "systemctl restart docker", note: "Docker writes its rules when it starts"),
        .podman: Writer(
            owner: .netavark, command: "podman network reload --all",
            note: "netavark writes its rules when a container starts or its network is loaded again"),
        .libvirt: Writer(
            owner: .libvirt, command: "systemctl restart libvirtd",
            note: "libvirt writes its rules when it starts (virtnetworkd, where its daemons are separate)"),
    ]

    /// How the rules of a table come back.
    ///
    /// - Parameters:
    ///   - device: of the network; nil where none is known.
    ///   - table: of iptables, or a kind of chain with nftables: `nat`, `filter`.
    /// - Returns: nil where nobody is known who wrote any, or where they are there.
    static func remedy(for device: Link?, table: String, in router: Namespace) -> OwnerRemedy? {
        guard let workload = device?.workload, workload.kind == .network, let writer = writers[workload.manager],
            !router.netfilter.chains.contains(where: {
                ($0.table == table || $0.kind?.rawValue == table) && $0.asks(writer.owner)
            })
        else { return nil }
        let place = "\(table) of \(router.name)"
        return OwnerRemedy(
            writer.owner.rawValue, [writer.command],
            note: "\(writer.note), and none is in \(place): they were flushed, or it is told to write none")
    }
}

extension OwnerRemedies {
    /// Translation of a source by whoever writes it for the source's network, or writes the firewall; nil where nobody does.
    static func sourceTranslation(_ missing: SourceTranslation) -> OwnerRemedy? {
        let network = missing.router.links.first { link in
            link.addresses.contains { $0.contains(missing.packet.source) && $0.length > 0 }
        }
        return FlushedRules.remedy(for: network, table: "nat", in: missing.router)
            ?? FirewalldRemedy.sourceTranslation(
                of: missing.source, leavingBy: missing.outDevice, of: missing.router)
    }
}
