internal import Network

/// A JSON value, for libnftables' expressions.
enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Nil for text that is no JSON, and where a number is no 64-bit integer.
    ///
    /// A ruleset of thousands of rules is read for each packet that it may have stopped, which a `Decoder` that looks
    /// for one shape after the other is too slow for.
    init?(parsing text: String) {
        guard let tree = try? JSONTree(parsing: Array(text.utf8)) else { return nil }
        self.init(tree)
    }

    private init?(_ tree: JSONTree) {
        switch tree {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .number(value)
        case .number: return nil
        case .string(let value): self = .text(value)
        case .array(let elements):
            var values: [JSONValue] = []
            values.reserveCapacity(elements.count)
            for element in elements {
                guard let value = JSONValue(element) else { return nil }
                values.append(value)
            }
            self = .array(values)
        case .object(let members):
            var values: [String: JSONValue] = [:]
            for member in members {
                guard let value = JSONValue(member.value) else { return nil }
                values[member.key] = value
            }
            self = .object(values)
        }
    }

    subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var text: String? { if case .text(let value) = self { value } else { nil } }
    var number: Int64? { if case .number(let value) = self { value } else { nil } }
    var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// The one member of an object such as `{"match": …}`.
    var only: (key: String, value: JSONValue)? {
        if case .object(let members) = self, members.count == 1, let member = members.first {
            return (member.key, member.value)
        }
        return nil
    }
}
