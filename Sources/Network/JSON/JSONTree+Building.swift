extension JSONTree.Member {
    /// A member that stands in no text.
    public init(_ key: String, _ value: JSONTree) {
        self.init(key: key, value: value, range: 0..<0)
    }
}

/// Equal where they say the same: members in the same order, wherever they stood in their texts.
extension JSONTree: Hashable {
    public static func == (left: JSONTree, right: JSONTree) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.elementsEqual(right) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value), .string(let value): hasher.combine(value)
        case .array(let elements): hasher.combine(elements)
        case .object(let members):
            for member in members {
                hasher.combine(member.key)
                hasher.combine(member.value)
            }
        }
    }
}

extension JSONTree {
    /// An object of what is not nil, in this order.
    public init(members: KeyValuePairs<String, JSONTree?>) {
        self = .object(members.compactMap { key, value in value.map { Member(key, $0) } })
    }

    /// The members of an object; none of anything else.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// Whether it is `true`.
    public var isTrue: Bool {
        if case .bool(true) = self { true } else { false }
    }

    /// The object with a member of this key replaced, or added at its end; taken away for nil. Anything else as it is.
    public func setting(_ key: String, _ value: JSONTree?) -> JSONTree {
        guard case .object(var members) = self else { return self }
        if let index = members.firstIndex(where: { $0.key == key }) {
            if let value { members[index] = Member(key, value) } else { members.remove(at: index) }
        } else if let value {
            members.append(Member(key, value))
        }
        return .object(members)
    }

    /// The object without the members of these keys.
    public func removing(_ keys: Set<String>) -> JSONTree {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !keys.contains($0.key) })
    }
}
