internal import Network

/// An object of a walk's JSON, and where it stands: what `WalkJSONError` names.
struct WalkJSONObject {
    private let tree: JSONTree
    let path: String

    init(_ tree: JSONTree, path: String) {
        self.tree = tree
        self.path = path
    }

    /// Nil where the key is absent or `null`.
    private func member(_ key: String) -> JSONTree? {
        guard let value = tree[key] else { return nil }
        if case .null = value { return nil }
        return value
    }

    func failure(_ key: String, _ reason: String) -> WalkJSONError {
        WalkJSONError(path: "\(path).\(key)", reason: reason)
    }

    private func required<Value>(_ key: String, _ value: Value?) throws -> Value {
        guard let value else { throw failure(key, "is missing") }
        return value
    }

    func optionalText(_ key: String) throws -> String? {
        guard let value = member(key) else { return nil }
        guard let text = value.string else { throw failure(key, "is no string") }
        return text
    }

    func text(_ key: String) throws -> String { try required(key, optionalText(key)) }

    func optionalNumber<Number: FixedWidthInteger>(_ key: String, as type: Number.Type = Number.self) throws -> Number?
    {
        switch member(key) {
        case nil: return nil
        case .integer(let value)?:
            if let number = Number(exactly: value) { return number }
        case .number(let text)?:
            if let number = Number(text) { return number }
        default: break
        }
        throw failure(key, "is no number from \(Number.min) to \(Number.max)")
    }

    func number<Number: FixedWidthInteger>(_ key: String, as type: Number.Type = Number.self) throws -> Number {
        try required(key, optionalNumber(key))
    }

    func optionalBool(_ key: String) throws -> Bool? {
        guard let value = member(key) else { return nil }
        guard case .bool(let bool) = value else { throw failure(key, "is neither true nor false") }
        return bool
    }

    func bool(_ key: String) throws -> Bool { try required(key, optionalBool(key)) }

    /// A value that is written as text: an address, a name out of a fixed list.
    func optionalValue<Value>(_ key: String, _ make: (String) -> Value?) throws -> Value? {
        guard let text = try optionalText(key) else { return nil }
        guard let value = make(text) else { throw failure(key, "can't be '\(text)'") }
        return value
    }

    func value<Value>(_ key: String, _ make: (String) -> Value?) throws -> Value {
        try required(key, optionalValue(key, make))
    }

    func texts(_ key: String) throws -> [String] {
        try elements(key).enumerated().map { index, element in
            guard let text = element.string else { throw failure("\(key)[\(index)]", "is no string") }
            return text
        }
    }

    func values<Value>(_ key: String, _ make: (String) -> Value?) throws -> [Value] {
        try texts(key).map { text in
            guard let value = make(text) else { throw failure(key, "can't hold '\(text)'") }
            return value
        }
    }

    func optionalObject(_ key: String) -> WalkJSONObject? {
        member(key).map { WalkJSONObject($0, path: "\(path).\(key)") }
    }

    func object(_ key: String) throws -> WalkJSONObject { try required(key, optionalObject(key)) }

    /// Empty where the key is absent.
    func objects(_ key: String) throws -> [WalkJSONObject] {
        try elements(key).enumerated().map { WalkJSONObject($1, path: "\(path).\(key)[\($0)]") }
    }

    private func elements(_ key: String) throws -> [JSONTree] {
        guard let value = member(key) else { return [] }
        guard case .array(let elements) = value else { throw failure(key, "is no list") }
        return elements
    }
}
