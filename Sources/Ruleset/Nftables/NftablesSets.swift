internal import Network
internal import Wire

/// The named sets of one table, and the reading of values. A set is read once for each field that asks for it, so that
/// the rules that refer to it share its elements.
final class NftablesSets {
    private let texts: [String: String]
    private var trees: [String: [JSONTree]] = [:]
    private var typed: [String: [RuleField: [RuleValue]]] = [:]

    /// Those that rules write to: what was in one when a packet came is not what was read.
    private let written: Set<String>

    init(_ sets: [NamedSet], written: Set<String> = []) {
        self.written = written
        texts = [String: String](sets.map { ($0.name, $0.elements) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether rules write to it.
    func isWritten(_ name: String) -> Bool { written.contains(name) }

    /// The elements as JSON; nil for a set that is not known.
    func elements(of name: String) -> [JSONTree]? {
        if let known = trees[name] { return known }
        guard let text = texts[name] else { return nil }
        let elements = (try? JSONTree(parsing: Array(text.utf8)))?.elements ?? []
        trees[name] = elements
        return elements
    }

    /// The sets with the types of the fields that rules look up in them; guessed for a set that none refers to.
    func compiled(family: TableFamily, table: String) -> [CompiledSet] {
        texts.keys.compactMap { name in
            guard let elements = elements(of: name) else { return nil }
            let field = typed[name]?.keys.first
            return CompiledSet(
                key: CompiledSet.Key(family: family, table: table, name: name),
                elements: elements.map { entry in
                    // Of a map the key.
                    let element = entry.elements.first ?? entry
                    return CompiledSet.Element(
                        value: field.map { Self.value(element, of: $0) } ?? Self.guess(element),
                        comment: element["elem"]?["comment"]?.string)
                })
        }
    }

    /// The right side of a match.
    func values(_ right: JSONTree, of field: RuleField) -> [RuleValue] {
        if let name = right.string, name.hasPrefix("@") { return [named(String(name.dropFirst()), field)] }
        if let members = right["set"] {
            return members.elements.isEmpty
                ? values(members, of: field) : members.elements.map { Self.value($0, of: field) }
        }
        if field == .tcpFlags { return [Self.value(right, of: field)] }
        let members = right.elements
        return members.isEmpty ? [Self.value(right, of: field)] : members.map { Self.value($0, of: field) }
    }

    private func named(_ name: String, _ field: RuleField) -> RuleValue {
        if let known = typed[name]?[field] { return .named(name, known) }
        guard !written.contains(name), let elements = elements(of: name) else { return .unreadable("@\(name)") }
        let values = elements.map { Self.value($0, of: field) }
        typed[name, default: [:]][field] = values
        return .named(name, values)
    }

    // MARK: Single values

    static func value(_ tree: JSONTree, of field: RuleField) -> RuleValue {
        switch tree {
        case .string(let text): return field.literal(text)
        case .integer(let number) where number >= 0 && field.isNumeric: return .number(UInt64(number))
        case .object:
            guard let (key, body) = tree.only else { return .unreadable("{…}") }
            return value(key, body, of: field)
        case .array(let flags) where field == .tcpFlags && !flags.isEmpty:
            return bits(tree).map { .number($0) } ?? .unreadable("flags")
        case .integer(let number): return .unreadable(String(number))
        default: return .unreadable("?")
        }
    }

    private static func value(_ key: String, _ body: JSONTree, of field: RuleField) -> RuleValue {
        let parts = body.elements
        switch key {
        case "elem": return body["val"].map { value($0, of: field) } ?? .unreadable(key)
        case "range" where parts.count == 2: return range(value(parts[0], of: field), value(parts[1], of: field))
        case "prefix":
            guard case .address = field, let address = body["addr"]?.string.flatMap({ IPAddress($0) }),
                let length = body["len"]?.integer, let prefix = IPPrefix(address, length: Int(clamping: length))
            else { return .unreadable(key) }
            return .prefix(prefix)
        case "concat":
            guard case .concatenation(let fields) = field, fields.count == parts.count else { return .unreadable(key) }
            return .tuple(zip(parts, fields).map { value($0, of: $1) })
        case "|": return bits(JSONTree.array(parts)).map { .number($0) } ?? .unreadable(key)
        default: return .unreadable(key)
        }
    }

    private static func range(_ first: RuleValue, _ last: RuleValue) -> RuleValue {
        switch (first, last) {
        case (.numbers(let low), .numbers(let high)) where low.lowerBound <= high.lowerBound:
            .numbers(low.lowerBound...high.lowerBound)
        case (.addresses(let low), .addresses(let high)) where low.lowerBound <= high.lowerBound:
            .addresses(low.lowerBound...high.lowerBound)
        default: .unreadable("range")
        }
    }

    /// A number, or the sum of TCP flags by name.
    static func bits(_ tree: JSONTree) -> UInt64? {
        if let number = tree.integer { return UInt64(exactly: number) }
        if let name = tree.string { return TCPFlag.bits(name).map(UInt64.init) }
        let parts = tree["|"]?.elements ?? tree.elements
        if parts.isEmpty { return nil }
        var sum: UInt64 = 0
        for part in parts {
            guard let bits = bits(part) else { return nil }
            sum |= bits
        }
        return sum
    }

    /// By its form alone.
    private static func guess(_ tree: JSONTree) -> RuleValue {
        if let text = tree.string {
            if let address = IPAddress(text) { return .addresses(address...address) }
            return MACAddress(text).map { .mac($0) } ?? .word(text.lowercased())
        }
        if let number = tree.integer { return UInt64(exactly: number).map { .number($0) } ?? .unreadable("number") }
        if let inner = tree["elem"]?["val"] { return guess(inner) }
        if let parts = tree["concat"]?.elements { return .tuple(parts.map { guess($0) }) }
        if let ends = tree["range"]?.elements, ends.count == 2 { return range(guess(ends[0]), guess(ends[1])) }
        if tree["prefix"] != nil { return value(tree, of: .address(.source, nil)) }
        return .unreadable("?")
    }
}
