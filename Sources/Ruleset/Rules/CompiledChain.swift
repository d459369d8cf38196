package import Network

/// A chain with its rules compiled, and where the kernel hooks it in.
package struct CompiledChain: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var backend: FirewallBackend
        package var family: TableFamily
        package var table: String
        package var name: String

        package init(backend: FirewallBackend, family: TableFamily, table: String, name: String) {
            self.backend = backend
            self.family = family
            self.table = table
            self.name = name
        }

        package init(_ chain: RuleChain) {
            self.init(backend: chain.backend, family: chain.family, table: chain.table, name: chain.name)
        }
    }

    package var key: Key
    /// Base chains only, as the next three.
    package var hook: NetfilterHook?
    package var priority: Int
    package var isTranslating: Bool
    package var dropsByPolicy: Bool
    /// The devices of a netdev chain; nil for any.
    package var devices: [String]?
    package var rules: [CompiledRule]
    /// Its position in `Netfilter.chains`.
    package var index: Int

    var isLegacy: Bool { key.backend == .iptablesLegacy }

    init(_ chain: RuleChain, index: Int, rules: [CompiledRule]) {
        key = Key(chain)
        hook = chain.hook ?? Self.builtInHook(chain)
        priority = chain.priority ?? Self.builtInPriority(table: chain.table, hook: hook)
        isTranslating = chain.kind == .nat || (chain.kind == nil && chain.table == "nat")
        dropsByPolicy = chain.policy == .drop
        devices = chain.devices
        self.rules = rules
        self.index = index
    }

    /// Whether a netdev chain is bound to a device.
    func isBound(to device: String?) -> Bool {
        guard let devices, let device else { return true }
        return devices.contains(device)
    }

    /// A chain of iptables whose place was not recorded has it by its name.
    private static func builtInHook(_ chain: RuleChain) -> NetfilterHook? {
        guard chain.backend.isIPTables, chain.name == chain.name.uppercased() else { return nil }
        return NetfilterHook(known: chain.name.lowercased())
    }

    private static func builtInPriority(table: String, hook: NetfilterHook?) -> Int {
        switch table {
        case "raw": NetfilterStage.raw.priority
        case "mangle": NetfilterStage.mangle.priority
        case "nat":
            (hook == .prerouting || hook == .output ? NetfilterStage.dstnat : NetfilterStage.srcnat).priority
        case "security": NetfilterStage.security.priority
        default: NetfilterStage.filter.priority
        }
    }
}
