internal import Network
internal import Ruleset

/// What `iptables-save -c` printed, read: tables, chains and rules as they stand there.
///
/// The form is that of iptables-restore(8): `*table`, `:CHAIN POLICY [packets:bytes]`, `[packets:bytes] -A CHAIN …`,
/// `COMMIT`. A newline inside a quoted comment belongs to its rule.
struct IPTablesSave: Sendable, Hashable {
    struct Chain: Sendable, Hashable {
        var table: String
        var name: String
        /// `ACCEPT`, `DROP`; nil for a chain made by a user.
        var policy: String?
        var packets: UInt64?
        var rules: [Rule] = []
    }

    struct Malformed: Error, Hashable, CustomStringConvertible {
        var line: Int
        var reason: String
        var description: String { "line \(line) of the saved rules: \(reason)" }
    }

    var chains: [Chain] = []

    /// Throws `Malformed` for a text that iptables-restore would not take.
    init(parsing text: [UInt8]) throws(Malformed) {
        var table: String?
        var positions: [String: Int] = [:]
        for (number, line) in Self.logicalLines(text) {
            func malformed(_ reason: String) -> Malformed { Malformed(line: number, reason: reason) }
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            if first == UInt8(ascii: "*") {
                if table != nil { throw malformed("a table inside a table") }
                table = String(decoding: line.dropFirst(), as: UTF8.self)
                positions = [:]
                continue
            }
            guard let current = table else { throw malformed("stands outside of a table") }
            if first == UInt8(ascii: ":") {
                let chain = try Self.chain(line.dropFirst(), table: current, malformed)
                positions[chain.name] = chains.count
                chains.append(chain)
            } else if line.elementsEqual("COMMIT".utf8) {
                table = nil
            } else {
                let (name, rule) = try Self.rule(line, malformed)
                guard let position = positions[name] else { throw malformed("a rule of an unknown chain") }
                var numbered = rule
                numbered.position = chains[position].rules.count + 1
                chains[position].rules.append(numbered)
            }
        }
        if table != nil { throw Malformed(line: 0, reason: "a table without COMMIT") }
    }

    private static func chain(
        _ line: ArraySlice<UInt8>, table: String, _ malformed: (String) -> Malformed
    ) throws(Malformed) -> Chain {
        let fields = line.split(separator: UInt8(ascii: " "))
        guard fields.count >= 2 else { throw malformed("a chain without policy") }
        let policy = String(decoding: fields[1], as: UTF8.self)
        return Chain(
            table: table, name: String(decoding: fields[0], as: UTF8.self), policy: policy == "-" ? nil : policy,
            packets: fields.count > 2 ? counters(fields[2])?.packets : nil)
    }

    private static func rule(
        _ line: ArraySlice<UInt8>, _ malformed: (String) -> Malformed
    ) throws(Malformed) -> (chain: String, rule: Rule) {
        var rest = line
        var rule = Rule(position: 0, text: "")
        if rest.first == UInt8(ascii: "[") {
            guard let blank = rest.firstIndex(of: UInt8(ascii: " ")), let counted = counters(rest[..<blank]) else {
                throw malformed("counters that are none")
            }
            (rule.packets, rule.bytes) = (counted.packets, counted.bytes)
            rest = rest[(blank + 1)...]
        }
        guard rest.starts(with: "-A ".utf8) else { throw malformed("neither a chain nor a rule") }
        let name = rest.dropFirst(3).prefix { $0 != UInt8(ascii: " ") }
        rule.text = String(decoding: rest, as: UTF8.self)
        if rule.text.holds("--comment ") {
            let words = Rule.words(rule.text)
            if let flag = words.firstIndex(of: "--comment"), flag + 1 < words.count { rule.comment = words[flag + 1] }
        }
        return (String(decoding: name, as: UTF8.self), rule)
    }

    /// `[12:3456]`.
    private static func counters(_ text: ArraySlice<UInt8>) -> (packets: UInt64, bytes: UInt64)? {
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return nil }
        let parts = text.dropFirst().dropLast().split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let packets = UInt64(String(decoding: parts[0], as: UTF8.self)),
            let bytes = UInt64(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        return (packets, bytes)
    }

    /// Lines with their numbers; one that ends inside quotes goes on with the next.
    private static func logicalLines(_ text: [UInt8]) -> [(Int, ArraySlice<UInt8>)] {
        var lines: [(Int, ArraySlice<UInt8>)] = []
        var start = 0
        var number = 1
        var startNumber = 1
        var quoted = false
        var escaped = false
        func isRemark() -> Bool { start < text.count && text[start] == UInt8(ascii: "#") }
        for (index, byte) in text.enumerated() {
            if byte == 0x0a {
                number += 1
                if !quoted || isRemark() {
                    lines.append((startNumber, text[start..<index]))
                    (start, startNumber, quoted) = (index + 1, number, false)
                }
                escaped = false
            } else if escaped {
                escaped = false
            } else if quoted, byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "\"") {
                quoted.toggle()
            }
        }
        if start < text.count { lines.append((startNumber, text[start...])) }
        return lines
    }
}

extension Rule {
    /// Whether this project put it there, for a watch that is under way.
    var isOwn: Bool { comment?.hasPrefix("packetwalk:") == true }
}
