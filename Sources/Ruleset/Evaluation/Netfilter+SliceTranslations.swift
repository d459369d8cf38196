package import Network
internal import Wire

extension Netfilter {
    /// What the rules may send a packet on to which can be sent to `reach`: the addresses that DNAT, SNAT and their kin
    /// put in, and those that copies of it are sent to (TEE, `dup`, `fwd`).
    ///
    /// A rule counts unless it surely does not match, by protocol, destination and port alone, and so do those that lead
    /// to its chain. Only rules of tables that translate are taken apart.
    package func translations(of reach: NetworkSlice.Reach) -> [NetworkSlice.Translation] {
        let tables = Set(nat.map { TableKey($0.rule) })
        var search = TranslationSearch(self, reach, tables: tables)
        for chain in chains where tables.contains(TableKey(chain)) && isBase(chain) {
            search.visit(CompiledChain.Key(chain))
        }
        for chain in chains {
            for rule in chain.rules where rule.text.sendsCopies { search.add(addressesIn: rule.text) }
        }
        return search.found
    }

    private func isBase(_ chain: RuleChain) -> Bool {
        chain.hook != nil || chain.backend.isIPTables && chain.name == chain.name.uppercased()
    }
}

private struct TableKey: Hashable {
    var backend: FirewallBackend
    var family: TableFamily
    var table: String

    init(_ rule: RuleReference) {
        backend = rule.backend ?? .nft
        family = rule.family
        table = rule.table
    }

    init(_ chain: RuleChain) {
        backend = chain.backend
        family = chain.family
        table = chain.table
    }
}

/// Follows the chains of translating tables from their hooks on.
private struct TranslationSearch {
    private let reach: NetworkSlice.Reach
    private let chains: [CompiledChain.Key: RuleChain]
    private var compiler: RuleCompiler
    private var seen: Set<CompiledChain.Key> = []
    private(set) var found: [NetworkSlice.Translation] = []

    init(_ netfilter: Netfilter, _ reach: NetworkSlice.Reach, tables: Set<TableKey>) {
        self.reach = reach
        compiler = RuleCompiler(netfilter)
        chains = [CompiledChain.Key: RuleChain](
            netfilter.chains.filter { tables.contains(TableKey($0)) }.map { (CompiledChain.Key($0), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    mutating func visit(_ key: CompiledChain.Key) {
        guard let chain = chains[key], seen.insert(key).inserted else { return }
        for rule in chain.rules {
            let compiled = compiler.rule(rule, in: chain)
            guard compiled.matches.allSatisfy({ $0.mayHold(for: reach) }) else { continue }
            for action in compiled.actions { take(action, of: key, text: rule.text) }
        }
    }

    private mutating func take(_ action: RuleAction, of chain: CompiledChain.Key, text: String) {
        switch action {
        case .jump(let name), .goto(let name):
            var target = chain
            target.name = name
            visit(target)
        case .verdictMap(let map):
            for entry in map.entries where map.field.mayHave([entry.key], for: reach) {
                take(entry.action, of: chain, text: text)
            }
        case .block(let block):
            add(addressesIn: block.text)
            // Which chain its text leads to is not looked for.
            if block.leadsOn {
                for key in chains.keys.filter({ $0.family == chain.family && $0.table == chain.table }) { visit(key) }
            }
        case .other: add(addressesIn: text)
        case .transparentProxy: break
        default: if let target = action.translation { add(target, of: action, text: text) }
        }
    }

    private mutating func add(_ target: TranslationTarget, of action: RuleAction, text: String) {
        if let map = target.map {
            for entry in map.entries where map.field.mayHave([entry.key], for: reach) {
                add(entry.address...entry.address, ports: target.ports)
            }
        }
        switch target.addresses {
        case .addresses(let range): add(range, ports: target.ports)
        case .prefix(let prefix): add(prefix.range, ports: target.ports)
        case nil where target.map != nil: break
        case nil where target.isComputed: add(anyOf: text)
        case nil:
            // Masquerade and redirect: to the namespace's own addresses, which are reached already.
            if let ports = target.ports {
                found.append(NetworkSlice.Translation(.loopback ... .loopback, ports: ports))
            }
        default: add(anyOf: text)
        }
    }

    private mutating func add(_ range: ClosedRange<IPAddress>, ports: ClosedRange<UInt16>?) {
        found.append(NetworkSlice.Translation(range, ports: ports))
    }

    mutating func add(addressesIn text: String) {
        let words = text.split { !($0.isHexDigit || $0 == "." || $0 == ":" || $0 == "/") }
        for word in words {
            if let address = IPAddress(String(word)) {
                add(address...address, ports: nil)
            } else if let prefix = IPPrefix(String(word)) {
                add(prefix.range, ports: nil)
            }
        }
    }

    /// An address that an expression gives: it may be any.
    private mutating func add(anyOf text: String) {
        for address in ["0.0.0.0", "::"].compactMap({ IPAddress($0) }) {
            guard let all = IPPrefix(address, length: 0) else { continue }
            add(all.range, ports: 0...65_535)
        }
    }
}

extension Match {
    /// Whether a packet that can be sent to `reach` may meet the condition, as far as protocol, destination and port say.
    fileprivate func mayHold(for reach: NetworkSlice.Reach) -> Bool {
        isNegated || mask != nil || field.mayHave(values, for: reach)
    }
}

extension RuleField {
    /// Replies come to ports that the kernel chooses (`ip_local_port_range`).
    private static let chosenPorts: UInt64 = 32_768

    fileprivate func mayHave(_ values: [RuleValue], for reach: NetworkSlice.Reach) -> Bool {
        if case .port(_, let number?) = self, let ours = reach.traffic.ipProtocol, number != ours { return false }
        if values.isEmpty { return true }
        return values.contains { mayHave($0, for: reach) }
    }

    private func mayHave(_ value: RuleValue, for reach: NetworkSlice.Reach) -> Bool {
        if case .named(_, let elements) = value { return elements.contains { mayHave($0, for: reach) } }
        switch (self, value) {
        case (.address(.destination, _), .prefix(let prefix)): return reach.meets(prefix)
        case (.address(.destination, _), .addresses(let range)): return reach.meets(range)
        case (.transportProtocol, .numbers(let range)):
            return reach.traffic.ipProtocol.map { range.contains(UInt64($0.rawValue)) } ?? true
        case (.port(.destination, _), .numbers(let range)):
            guard let ports = reach.traffic.destinationPorts else { return true }
            return range.upperBound >= Self.chosenPorts || ports.contains { range.contains(UInt64($0)) }
        case (.concatenation(let fields), .tuple(let parts)) where fields.count == parts.count:
            return zip(fields, parts).allSatisfy { $0.mayHave([$1], for: reach) }
        default: return true
        }
    }
}

extension String {
    /// Whether a rule of this text sends packets, or copies of them, by itself.
    fileprivate var sendsCopies: Bool { hasWord("TEE") || hasWord("dup") || hasWord("fwd") }

    private func hasWord(_ word: StaticString) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            word.withUTF8Buffer { word in
                guard bytes.count >= word.count else { return false }
                for start in 0...(bytes.count - word.count) where bytes[start] == word[0] {
                    let end = start + word.count
                    if start > 0, bytes[start - 1] != UInt8(ascii: " ") { continue }
                    if end < bytes.count, bytes[end] != UInt8(ascii: " ") { continue }
                    if (0..<word.count).allSatisfy({ bytes[start + $0] == word[$0] }) { return true }
                }
                return false
            }
        }
    }
}

extension IPAddress {
    fileprivate static let loopback = IPAddress(ipv4: 0x7f00_0001)
}
