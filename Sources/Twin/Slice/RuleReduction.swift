internal import Network
internal import Snapshot
internal import Wire

/// Leaves out rules that no packet of a slice matches, by the device or the address that they ask for.
///
/// Only rules whose first conditions say so: what stands behind a counter, a limit or a set that is written to has an effect
/// of its own before it fails.
struct RuleReduction {
    private let namespace: NamespaceSnapshot
    private let devices: Set<String>
    private let reach: NetworkSlice.Reach
    private var positions: [SlicedSnapshot.Chain: [Int]] = [:]

    /// - Parameter stubs: devices of the namespace by which nothing of the slice comes or goes.
    init(_ namespace: NamespaceSnapshot, stubs: Set<String>, reach: NetworkSlice.Reach) {
        self.namespace = namespace
        self.reach = reach
        devices = Set(namespace.links.compactMap { $0["ifname"]?.string }).subtracting(stubs)
    }

    var ruleCount: Int {
        namespace.iptables.reduce(0) { $0 + Self.lines($1.text).count { $0.hasPrefix("-A ") } }
            + namespace.nftables.reduce(0) { $0 + Self.lines($1.text).count { $0.hasPrefix("\t\t") } }
    }

    func reduced() -> (namespace: NamespaceSnapshot, positions: [SlicedSnapshot.Chain: [Int]]) {
        var copy = self
        var result = namespace
        for index in result.iptables.indices {
            let table = result.iptables[index]
            result.iptables[index].text = copy.iptables(table.text, table.family, table.name)
        }
        for index in result.nftables.indices {
            let table = result.nftables[index]
            result.nftables[index].text = copy.nftables(table.text, table.family, table.name)
        }
        return (result, copy.positions)
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    // MARK: iptables

    private mutating func iptables(_ text: String, _ family: TableFamily, _ table: String) -> String {
        var counts: [Substring: Int] = [:]
        var kept: [Substring: [Int]] = [:]
        var lines: [Substring] = []
        for line in Self.lines(text) {
            // iptables-save -c puts `[packets:bytes]` before a rule.
            let rule = line.hasPrefix("[") ? line.drop { $0 != " " }.dropFirst() : line
            guard rule.hasPrefix("-A ") else {
                lines.append(line)
                continue
            }
            let words = rule.split(separator: " ")
            let chain = words.count > 1 ? words[1] : ""
            counts[chain, default: 0] += 1
            if iptablesFails(words) { continue }
            kept[chain, default: []].append(counts[chain] ?? 0)
            lines.append(line)
        }
        for (chain, count) in counts where kept[chain]?.count != count {
            note(kept[chain] ?? [], family, table, String(chain))
        }
        return lines.joined(separator: "\n")
    }

    /// The kernel asks for addresses and devices before any module's match.
    private func iptablesFails(_ words: [Substring]) -> Bool {
        for index in words.indices.dropLast() where index > 1 {
            // A comment may say anything.
            if words[index] == "--comment" || words[index] == "-j" || words[index] == "-g" { return false }
            if words[index - 1] == "!" { continue }
            switch words[index] {
            case "-s", "-d": if isUnmet(address: words[index + 1]) { return true }
            case "-i", "-o": if isUnmet(device: words[index + 1]) { return true }
            default: continue
            }
        }
        return false
    }

    // MARK: nftables

    /// A rule is a line of a chain, two tabs in; what spreads over several lines stays.
    private mutating func nftables(_ text: String, _ family: TableFamily, _ table: String) -> String {
        var lines: [Substring] = []
        var chain: String?
        var depth = 0
        var count = 0
        var kept: [Int] = []
        for line in Self.lines(text) {
            let words = line.split { $0 == " " || $0 == "\t" }
            if depth == 1, words.first == "chain", words.count > 1 {
                (chain, count, kept) = (String(words[1]), 0, [])
            }
            let isRule =
                chain != nil && depth == 2 && line.hasPrefix("\t\t") && !line.hasPrefix("\t\t\t") && isRule(words)
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
            if depth == 1, let name = chain, words.first == "}" {
                if kept.count != count { note(kept, family, table, name) }
                chain = nil
            }
            if isRule {
                count += 1
                if depth == 2, nftablesFails(words) { continue }
                kept.append(count)
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    /// Not the chain's own line, its policy, its comment, or the end of a block.
    private func isRule(_ words: [Substring]) -> Bool {
        guard let first = words.first else { return false }
        return !["type", "policy", "comment", "devices"].contains(first) && !first.hasPrefix("}")
    }

    private func nftablesFails(_ words: [Substring]) -> Bool {
        var index = 0
        while index + 1 < words.count {
            let value: Substring
            switch words[index] {
            case "iifname", "oifname", "iif", "oif":
                value = words[index + 1]
                if Self.isPlain(value), isUnmet(device: value.filter { $0 != "\"" }[...]) { return true }
                index += 1
            case "ip", "ip6":
                guard index + 2 < words.count, ["saddr", "daddr", "protocol", "nexthdr"].contains(words[index + 1])
                else { return false }
                value = words[index + 2]
                let isAddress = words[index + 1].hasSuffix("addr")
                if isAddress, Self.isPlain(value), isUnmet(address: value) { return true }
                index += 2
            case "tcp", "udp":
                guard index + 2 < words.count, ["sport", "dport"].contains(words[index + 1]) else { return false }
                value = words[index + 2]
                index += 2
            default: return false
            }
            // A list, a set, a mask, or the opposite: how long the condition is isn't looked for.
            guard Self.isPlain(value) else { return false }
            index += 1
        }
        return false
    }

    private static func isPlain(_ value: Substring) -> Bool {
        guard let first = value.first else { return false }
        return !"!<>=&{@$".contains(first)
    }

    // MARK: What can be met

    private func isUnmet(device: Substring) -> Bool {
        let name = device.filter { $0 != "\"" }
        // Both firewalls have wildcards.
        if name.hasSuffix("+") || name.hasSuffix("*") {
            return !devices.contains { $0.hasPrefix(name.dropLast()) }
        }
        return !devices.contains(name)
    }

    private func isUnmet(address text: Substring) -> Bool {
        guard let prefix = IPPrefix(String(text)) else { return false }
        let address = prefix.address
        // Neighbour discovery, DHCP and the like go on beside the packet.
        if address.isMulticast || address.isLinkLocal || address.isLoopback || address.isUnspecified { return false }
        if address.isIPv4, address.low == 0xffff_ffff { return false }
        return !reach.meets(prefix)
    }

    private mutating func note(_ kept: [Int], _ family: TableFamily, _ table: String, _ chain: String) {
        let key = SlicedSnapshot.Chain(namespace: namespace.name, family: family, table: table, name: chain)
        positions[key] = kept
    }
}
