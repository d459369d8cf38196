internal import LinuxSystem
internal import Network

/// The tables of x_tables, which has no list over netlink. A table is named only once it is there, so reading makes none.
struct LegacyTables: Sendable {
    var families: [TableFamily: [String]] = [:]
    var warnings: [String] = []

    /// Of the calling thread's namespace.
    static func read() -> LegacyTables {
        var tables = LegacyTables()
        for (family, file) in [(TableFamily.ip, "ip_tables_names"), (.ip6, "ip6_tables_names")] {
            do {
                let names = String(decoding: try readFile("/proc/thread-self/net/\(file)"), as: UTF8.self)
                tables.families[family] = names.split(separator: "\n").map(String.init)
            } catch let error as SystemError {
                // ENOENT: the module is not there.
                if error.errorNumber != 2 {
                    tables.warnings.append("cannot read the legacy iptables rules: \(error.reason)")
                }
            } catch {
                tables.warnings.append("cannot read the legacy iptables rules: \(error)")
            }
        }
        return tables
    }
}

/// The rules of one namespace as texts, one for each table.
struct NetfilterSnapshotReading {
    let tools: NamespaceTools
    private(set) var nftables: [NamespaceSnapshot.NFTable] = []
    private(set) var iptables: [NamespaceSnapshot.IPTable] = []
    private(set) var warnings: [String] = []
    /// What of the two is not known whole.
    private(set) var unread: Set<SnapshotDifference.Part> = []

    init(tools: NamespaceTools) { self.tools = tools }

    /// nf_tables: what iptables-nft made as iptables prints it, the rest as nft does.
    mutating func read(_ found: NetfilterTables) throws {
        var native = found.tables.filter { !$0.isOwn && !$0.isIPTables }
        for (family, program) in [(TableFamily.ip, "iptables-nft-save"), (.ip6, "ip6tables-nft-save")] {
            let tables = found.tables.filter { !$0.isOwn && $0.isIPTables && $0.family == family }
            if tables.isEmpty { continue }
            let texts = saved(program)
            for table in tables {
                // What iptables can't show, since nft put rules of its own there, is nft's to list.
                guard let text = texts?[table.name] else {
                    native.append(table)
                    continue
                }
                iptables.append(
                    NamespaceSnapshot.IPTable(
                        backend: .iptablesNft, family: family, name: table.name, handle: table.handle,
                        chains: table.baseChains.map(\.name), text: text))
            }
        }
        iptables.sort { ($0.handle ?? 0) < ($1.handle ?? 0) }
        native.sort { $0.handle < $1.handle }
        if native.isEmpty { return }
        let texts = try listed(native, of: found)
        for table in native {
            guard let text = texts["\(table.family) \(table.name)"] else {
                unread.insert(.nftables)
                warnings.append("cannot read the nftables table \(table.family) \(table.name): nft did not list it")
                continue
            }
            // What iptables put there nft names and can't read back.
            if text.holds(" xt match \"") || text.holds(" xt target \"") || text.holds("# xt_") {
                unread.insert(.nftables)
                warnings.append(
                    "cannot read all of the nftables table \(table.family) \(table.name): iptables and nft share it")
            }
            nftables.append(
                NamespaceSnapshot.NFTable(
                    family: table.family, name: table.name, handle: table.handle, flags: table.flags, text: text))
        }
    }

    /// The texts of tables by `FAMILY NAME`. nft 1.0.6 lists several tables in one run only as a whole family.
    private func listed(_ native: [NetfilterTables.Table], of found: NetfilterTables) throws -> [String: String] {
        var texts: [String: String] = [:]
        for (family, tables) in Dictionary(grouping: native, by: \.family).sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let isWhole = found.tables.allSatisfy { $0.family != family || tables.contains($0) }
            let lists =
                isWhole && tables.count > 1
                ? ["list ruleset \(family)"] : tables.map { "list table \(family) \(Self.quoted($0.name))" }
            for list in lists { texts.merge(Self.tables(try tools.run("nft", list).text)) { first, _ in first } }
        }
        return texts
    }

    mutating func readLegacy(_ tables: LegacyTables) {
        for (family, program) in [(TableFamily.ip, "iptables-legacy-save"), (.ip6, "ip6tables-legacy-save")] {
            guard let names = tables.families[family], !names.isEmpty, let texts = saved(program) else { continue }
            // The kernel lists the newest first.
            for name in names.reversed() {
                guard let text = texts[name] else { continue }
                iptables.append(
                    NamespaceSnapshot.IPTable(backend: .iptablesLegacy, family: family, name: name, text: text))
            }
        }
    }

    private mutating func saved(_ program: String) -> [String: String]? {
        do {
            return Self.saved(try tools.run(program).text)
        } catch {
            unread.insert(.iptables)
            warnings.append("cannot read the iptables rules with \(program): \(NamespaceReader.reason(error))")
            return nil
        }
    }

    /// The tables in the output of iptables-save, each from `*NAME` to `COMMIT`; the counts of policies are 0.
    static func saved(_ text: String) -> [String: String] {
        var tables: [String: String] = [:]
        var name: String?
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if name == nil {
                guard line.hasPrefix("*") else { continue }
                name = String(line.dropFirst())
                lines = [line]
            } else if line == "COMMIT" {
                lines.append(line)
                tables[name ?? ""] = lines.joined(separator: "\n") + "\n"
                name = nil
            } else if line.hasPrefix(":"), let count = line.lastIndex(of: "[") {
                lines.append(line[..<count] + "[0:0]")
            } else {
                lines.append(line)
            }
        }
        return tables
    }

    /// The tables in a text of nft by `FAMILY NAME`, each from `table` to its closing brace.
    static func tables(_ text: String) -> [String: String] {
        var tables: [String: String] = [:]
        var name: String?
        var lines: [Substring] = []
        var isQuoted = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let quotes = line.utf8.reduce(0) { $1 == UInt8(ascii: "\"") ? $0 + 1 : $0 }
            // nft writes strings as they are: one that holds a newline goes on in the next line.
            defer { if quotes % 2 == 1 { isQuoted.toggle() } }
            if !isQuoted, name == nil {
                let words = line.split(separator: " ")
                guard words.count >= 4, words[0] == "table", words[3] == "{" else { continue }
                name = "\(words[1]) \(unquoted(words[2]))"
                lines = [line]
            } else if name != nil {
                lines.append(line)
                guard !isQuoted, line == "}" else { continue }
                tables[name ?? ""] = lines.joined(separator: "\n") + "\n"
                name = nil
            }
        }
        return tables
    }

    private static func quoted(_ name: String) -> String {
        // As nft's own scanner has it: nft 1.0.6 takes a name in quotes nowhere.
        let isPlain = name.utf8.allSatisfy { byte in
            let lower = byte | 0x20
            return (97...122).contains(lower) || (48...57).contains(byte) || "/-_.".utf8.contains(byte)
        }
        return isPlain ? name : "\"\(name)\""
    }

    private static func unquoted(_ name: Substring) -> Substring {
        name.count > 1 && name.first == "\"" && name.last == "\"" ? name.dropFirst().dropLast() : name
    }
}
