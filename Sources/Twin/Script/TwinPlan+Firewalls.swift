internal import Network
internal import Snapshot
internal import Wire

/// Sets, tables of both firewalls, connections.
extension TwinPlan {
    /// An ordinary user's socket takes some 400 rules in one transaction.
    private static let rulesAtOnce = 200

    mutating func addFirewalls(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        if let sets = namespace.ipsets, !sets.isEmpty {
            programs.insert("ipset")
            text.blank()
            text.comment("Sets of \(Self.visible(namespace.name)), before the rules that ask them.")
            text.feed("ipsets", in: name, Self.lines(sets))
        }
        let tables = TableOrder.tables(of: namespace, beforeLegacy: options.tablesBeforeLegacy)
        guard !tables.isEmpty else { return }
        defer { addRecentLists(&text, namespace, name) }
        text.blank()
        text.comment("Rules of \(Self.visible(namespace.name)), in the order in which the tables were made.")
        for table in tables {
            switch table {
            case .nft(let table): add(table, to: &text, name)
            case .iptables(let table): add(table, to: &text, name)
            }
        }
    }

    static func lines(_ text: String) -> [String] {
        // By scalars: for a String "\r\n" is one character, and no newline.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private mutating func add(_ table: NamespaceSnapshot.NFTable, to text: inout ScriptText, _ name: String?) {
        programs.insert("nft")
        var lines = Self.lines(table.text)
        // A table with an owner goes with the program that made it: here that would be nft.
        if table.flags.contains("owner") {
            lines = lines.compactMap { line in
                guard line.split(separator: " ").joined(separator: " ").replacing("\t", with: "").hasPrefix("flags")
                else { return line }
                let left = line.replacing("owner,", with: "").replacing(",owner", with: "").replacing("owner", with: "")
                return left.split(whereSeparator: { " \t".contains($0) }) == ["flags"] ? nil : left
            }
        }
        let parts = NFTableParts(lines)
        guard parts.rules.count > Self.rulesAtOnce else {
            text.feed("nft_rules", in: name, lines)
            return
        }
        // The chains and sets at once, then the rules.
        text.feed("nft_rules", in: name, parts.frame)
        let place = "\(table.family) \(table.name)"
        text.feed("nft_lines", in: name, parts.rules.map { "add rule \(place) \($0.chain) \($0.text)" })
    }

    private mutating func add(_ table: NamespaceSnapshot.IPTable, to text: inout ScriptText, _ name: String?) {
        let isLegacy = table.backend == .iptablesLegacy
        let function = "\(table.family == .ip6 ? "ip6tables" : "iptables")_\(isLegacy ? "legacy" : "nft")"
        programs.insert(function.replacing("_", with: "-") + "-restore")
        let lines = Self.lines(table.text)
        let rules = lines.filter { $0.hasPrefix("-") || $0.hasPrefix("[") }
        if isLegacy || rules.count <= Self.rulesAtOnce {
            text.feed(function, in: name, lines)
        } else {
            let frame = lines.filter { !$0.hasPrefix("-") && !$0.hasPrefix("[") && $0 != "COMMIT" }
            text.feed(function, in: name, frame + ["COMMIT"])
            for start in stride(from: 0, to: rules.count, by: Self.rulesAtOnce) {
                let part = rules[start..<min(start + Self.rulesAtOnce, rules.count)]
                text.feed(function, in: name, ["*\(table.name)"] + part + ["COMMIT"])
            }
        }
        // iptables-restore makes every base chain of a table; another one is another hook.
        guard let chains = table.chains, !isLegacy else { return }
        let extra = (Self.baseChains[table.name] ?? []).filter { !chains.contains($0) }
        guard !extra.isEmpty else { return }
        programs.insert("nft")
        text.feed("nft_rules", in: name, extra.map { "delete chain \(table.family) \(table.name) \($0)" })
    }

    /// The kernel notes addresses as of now: what no rule counts any more is left out.
    private func addRecentLists(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let all: [String] = namespace.iptables.flatMap { Self.lines($0.text) }
        let rules = all.filter { $0.contains("-m recent ") }
        let noted = namespace.recent.compactMap { entry -> String? in
            let span = RecentRules.span(of: entry.list, in: rules).map(Double.init) ?? .infinity
            let count = entry.secondsAgo.count { $0 < span }
            let isFileName = !entry.list.hasPrefix(".") && !entry.list.contains { $0.isWhitespace || $0 == "/" }
            return count > 0 && isFileName ? "\(entry.list) \(entry.address) \(count)" : nil
        }
        guard !noted.isEmpty else { return }
        text.blank()
        text.comment("Lists of recent addresses of \(Self.visible(namespace.name)), as if they had been seen just now.")
        text.feed("recent_lists", in: name, noted)
    }

    private static let baseChains: [String: [String]] = [
        "filter": ["INPUT", "FORWARD", "OUTPUT"], "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"], "raw": ["PREROUTING", "OUTPUT"],
        "security": ["INPUT", "FORWARD", "OUTPUT"],
    ]

    mutating func addConnections(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = (namespace.conntrack ?? []).compactMap { $0.arguments }
        guard !lines.isEmpty else { return }
        programs.insert("conntrack")
        text.blank()
        text.comment(
            "Connections of \(Self.visible(namespace.name)), with their translations. Of TCP windows the next packet tells."
        )
        text.feed("connections", in: name, lines)
    }
}

/// Rules that ask lists of recent addresses.
enum RecentRules {
    /// Within how many seconds an address must have been seen to count for any rule that asks the list; nil where one asks for no time.
    static func span(of list: String, in rules: [String]) -> Int? {
        var longest = 0
        for rule in rules {
            let words = rule.split(separator: " ")
            guard words.contains(where: { ["--rcheck", "--update", "--remove"].contains($0) }) else { continue }
            func value(_ option: Substring) -> Substring? {
                words.firstIndex(of: option).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
            }
            let name = value("--name") ?? "DEFAULT"
            guard name == list || name == "\"\(list)\"" else { continue }
            guard let seconds = value("--seconds").flatMap({ Int($0) }) else { return nil }
            longest = max(longest, seconds)
        }
        return longest
    }
}

/// A table's text in two parts: the frame, and the rules of its chains.
struct NFTableParts {
    private(set) var frame: [String] = []
    private(set) var rules: [(chain: String, text: String)] = []

    /// - Parameter lines: as nft prints a table.
    init(_ lines: [String]) {
        var chain: String?
        var open = ""
        for line in lines {
            let bare = String(line.drop { $0 == "\t" || $0 == " " })
            guard let name = chain else {
                frame.append(line)
                if bare.hasPrefix("chain "), bare.hasSuffix("{") {
                    chain = String(bare.dropFirst(6).dropLast().reversed().drop { $0 == " " }.reversed())
                }
                continue
            }
            if open.isEmpty, bare == "}" {
                frame.append(line)
                chain = nil
            } else if open.isEmpty, bare.hasPrefix("type ") || bare.hasPrefix("comment ") || bare.hasPrefix("policy ") {
                frame.append(line)
            } else {
                // A set without a name goes over several lines.
                open += open.isEmpty ? bare : " \(bare)"
                if Self.isComplete(open) {
                    if !open.isEmpty { rules.append((name, open)) }
                    open = ""
                }
            }
        }
    }

    private static func isComplete(_ rule: String) -> Bool {
        var depth = 0
        var isQuoted = false
        for byte in rule.utf8 {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "{") where !isQuoted: depth += 1
            case UInt8(ascii: "}") where !isQuoted: depth -= 1
            default: break
            }
        }
        return depth <= 0
    }
}
