package import Network

/// The program that writes a chain and its rules, and writes them again when it starts: what is changed among them by hand is
/// forgotten then.
package struct RuleOwner: NamedValue {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let docker: Self = "Docker"
    package static let kubernetes: Self = "Kubernetes"
    package static let cni: Self = "CNI"
    package static let netavark: Self = "netavark"
    package static let libvirt: Self = "libvirt"
    package static let firewalld: Self = "firewalld"
    package static let ufw: Self = "ufw"
    package static let calico: Self = "Calico"
    package static let cilium: Self = "Cilium"
    package static let kubeRouter: Self = "kube-router"

    /// The owner as the one whose something is: `Docker's`, `Kubernetes'`.
    package var possessive: String { rawValue.hasSuffix("s") ? rawValue + "'" : rawValue + "'s" }
}

/// What a rule or a policy is there for, by whose it is.
package struct RulePurpose: Hashable, Sendable {
    package var owner: RuleOwner
    /// `isolation between networks`, `default policy`; nil where no more is known than whose it is.
    package var words: String?

    /// `Docker's isolation between networks`, `a rule of ufw`.
    package var phrase: String { words.map { "\(owner.possessive) \($0)" } ?? "a rule of \(owner)" }
}

/// One kind of chain or table by which an owner is known.
private struct OwnerMark {
    enum Place {
        /// The beginning of a chain's name, in tables of iptables.
        case chain(String)
        /// A table of nft that is the owner's own, and the beginning of a chain's name in it.
        case table(String, chain: String)
    }

    var owner: RuleOwner
    var place: Place
    var words: String?

    init(_ owner: RuleOwner, chain: String, _ words: String? = nil) {
        self.owner = owner
        place = .chain(chain)
        self.words = words
    }

    init(_ owner: RuleOwner, table: String, chain: String = "", _ words: String? = nil) {
        self.owner = owner
        place = .table(table, chain: chain)
        self.words = words
    }

    func fits(_ rule: RuleReference) -> Bool { fits(table: rule.table, chain: rule.chain) }

    func fits(table: String, chain: String) -> Bool {
        switch place {
        case .chain(let start): chain.hasPrefix(start)
        case .table(let name, let start): table == name && chain.hasPrefix(start)
        }
    }

    /// The longest names of an owner first: the first that fits is taken.
    static let all: [OwnerMark] = [
        OwnerMark(.docker, chain: "DOCKER-ISOLATION-STAGE", "isolation between networks"),
        OwnerMark(.docker, chain: "DOCKER-INTERNAL", "seclusion of internal networks"),
        OwnerMark(.docker, chain: "DOCKER-USER", "chain for rules of the user's"),
        OwnerMark(.docker, chain: "DOCKER-FORWARD", "rules within networks"),
        OwnerMark(.docker, chain: "DOCKER-INGRESS", "routing mesh of Swarm"),
        OwnerMark(.docker, chain: "DOCKER", "guard of unpublished ports"),
        OwnerMark(.docker, table: "docker-bridges", chain: "raw-", "guard against direct access"),
        OwnerMark(.docker, table: "docker-bridges", "guard of unpublished ports"),
        OwnerMark(.kubernetes, chain: "KUBE-FIREWALL", "firewall of the node"),
        OwnerMark(.kubernetes, chain: "KUBE-FORWARD", "drop of invalid packets"),
        OwnerMark(.kubeRouter, chain: "KUBE-POD-FW-", "network policies"),
        OwnerMark(.kubeRouter, chain: "KUBE-NWPLCY-", "network policies"),
        OwnerMark(.kubeRouter, chain: "KUBE-ROUTER-", "network policies"),
        OwnerMark(.kubernetes, chain: "KUBE-", "Services"),
        OwnerMark(.kubernetes, table: "kube-proxy", "Services"),
        OwnerMark(.calico, chain: "cali-pi-", "network policy (ingress)"),
        OwnerMark(.calico, chain: "cali-po-", "network policy (egress)"),
        OwnerMark(.calico, chain: "cali-", "network policies"),
        OwnerMark(.cilium, chain: "CILIUM_"),
        OwnerMark(.cni, chain: "CNI-HOSTPORT-", "published ports"),
        OwnerMark(.cni, chain: "CNI-ISOLATION-STAGE", "isolation between networks"),
        OwnerMark(.cni, chain: "CNI-"),
        OwnerMark(.cni, table: "cni_plugins_masquerade"),
        OwnerMark(.netavark, chain: "NETAVARK_ISOLATION", "isolation between networks"),
        OwnerMark(.netavark, chain: "NETAVARK-ISOLATION", "isolation between networks"),
        OwnerMark(.netavark, chain: "NETAVARK"),
        OwnerMark(.netavark, table: "netavark", chain: "NETAVARK-ISOLATION", "isolation between networks"),
        OwnerMark(.netavark, table: "netavark"),
        OwnerMark(.libvirt, chain: "LIBVIRT_FWI", "guard of guests from outside"),
        OwnerMark(.libvirt, chain: "LIBVIRT_FWO", "guard of what guests send"),
        OwnerMark(.libvirt, chain: "LIBVIRT_FWX", "guard within networks"),
        OwnerMark(.libvirt, chain: "LIBVIRT_"),
        OwnerMark(.libvirt, table: "libvirt_network", chain: "guest_input", "guard of guests from outside"),
        OwnerMark(.libvirt, table: "libvirt_network", chain: "guest_output", "guard of what guests send"),
        OwnerMark(.libvirt, table: "libvirt_network"),
        OwnerMark(.firewalld, table: "firewalld", chain: "filter_INPUT", "default for what is sent to this host"),
        OwnerMark(.firewalld, table: "firewalld", chain: "filter_FORWARD", "default for what is forwarded"),
        OwnerMark(.firewalld, table: "firewalld"),
        OwnerMark(.firewalld, chain: "INPUT_ZONES"), OwnerMark(.firewalld, chain: "FORWARD_IN_ZONES"),
        OwnerMark(.firewalld, chain: "FORWARD_OUT_ZONES"), OwnerMark(.firewalld, chain: "FORWARD_POLICIES"),
        OwnerMark(.ufw, chain: "ufw-user-limit", "limit of connections"),
        OwnerMark(.ufw, chain: "ufw6-user-limit", "limit of connections"),
        OwnerMark(.ufw, chain: "ufw-user-", "rules by command"),
        OwnerMark(.ufw, chain: "ufw6-user-", "rules by command"),
        OwnerMark(.ufw, chain: "ufw-skip-to-policy-", "default policy"),
        OwnerMark(.ufw, chain: "ufw6-skip-to-policy-", "default policy"),
        OwnerMark(.ufw, chain: "ufw-not-local", "drop of what is not for this host"),
        OwnerMark(.ufw, chain: "ufw-"), OwnerMark(.ufw, chain: "ufw6-"),
    ]

    /// Whose jumps from a base chain of iptables say that its policy is theirs too: those that set it.
    static let policySetters: [(owner: RuleOwner, chain: String, hooks: [NetfilterHook])] = [
        (.ufw, "ufw", [.input, .forward, .output]), (.docker, "DOCKER", [.forward]),
    ]
}

extension RuleReference {
    /// What the rule is there for, by the names of its chain and table; nil for a rule that nobody's mark is on.
    package var purpose: RulePurpose? {
        guard let mark = OwnerMark.all.first(where: { $0.fits(self) }) else { return nil }
        let zone = mark.owner == .firewalld ? firewalldZone.map { "zone \($0)" } : nil
        return RulePurpose(owner: mark.owner, words: zone ?? mark.words)
    }

    /// Whose rules stand in the chain.
    package var firewalldZone: String? { Self.firewalldZone(ofChain: chain) }

    /// `public` of `filter_IN_public`, `filter_IN_public_deny`, `filter_FWD_public`, `IN_public_allow`; nil for other chains.
    package static func firewalldZone(ofChain chain: String) -> String? {
        for start in ["filter_IN_", "filter_FWDI_", "filter_FWDO_", "filter_FWD_", "IN_", "FWDI_", "FWDO_"]
        where chain.hasPrefix(start) {
            var name = chain.dropFirst(start.utf8.count)
            if name.hasPrefix("policy_") || name == "ZONES" || name == "POLICIES" { return nil }
            for end in ["_pre", "_log", "_deny", "_allow", "_post"] where name.hasSuffix(end) {
                name = name.dropLast(end.utf8.count)
            }
            return name.isEmpty ? nil : String(name)
        }
        return nil
    }

    package var owner: RuleOwner? { purpose?.owner }

    /// Whether it is one of those by which Docker's engine leads 127.0.0.11 to itself, in each container's namespace (libnetwork's
    /// resolver): nothing is published by it.
    package var isOfDockersResolver: Bool { chain == "DOCKER_OUTPUT" || chain == "DOCKER_POSTROUTING" }
}

extension RuleChain {
    /// Whose the chain's drop policy is; nil where no one's that is known to set one.
    package var policyPurpose: RulePurpose? {
        guard backend.isIPTables, let hook = baseHook else { return nil }
        let setter = OwnerMark.policySetters.first { setter in
            setter.hooks.contains(hook) && hasWord { $0.hasPrefix(setter.chain) }
        }
        return setter.map { RulePurpose(owner: $0.owner, words: "default policy") }
    }

    /// Whether it is a base chain that asks rules of the owner's: it stands in a table of the owner's own, or leads to a chain that
    /// bears the owner's mark.
    package func asks(_ owner: RuleOwner) -> Bool {
        guard baseHook != nil, !rules.isEmpty else { return false }
        return OwnerMark.all.contains { mark in
            guard mark.owner == owner else { return false }
            return switch mark.place {
            case .chain(let start): hasWord { $0.hasPrefix(start) }
            case .table(let table, _): self.table == table
            }
        }
    }

    /// Whether the whole table is some program's own, which writes it anew.
    package var isInOwnedTable: Bool {
        OwnerMark.all.contains { mark in
            if case .table(let table, _) = mark.place { self.table == table } else { false }
        }
    }

    /// A chain of iptables is called as its hook; a recording may lack the hook.
    private var baseHook: NetfilterHook? {
        hook ?? (backend.isIPTables ? NetfilterHook(known: name.lowercased()) : nil)
    }

    private func hasWord(_ fits: (Substring) -> Bool) -> Bool {
        rules.contains { $0.text.split(separator: " ").contains(where: fits) }
    }
}

extension HookResult.Ending {
    /// What the rule or policy that ends the packet is there for; nil where it is nobody's that is known.
    package var purpose: RulePurpose? { kind == .policy ? rule.purpose ?? chain.policyPurpose : rule.purpose }
}
