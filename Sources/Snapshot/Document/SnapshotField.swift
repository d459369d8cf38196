internal import Network
internal import Wire

/// A value in a document and where it stands, so that an error can name the place: `namespaces[2].links`.
struct SnapshotField {
    /// Nil where the member is missing.
    var value: JSONTree?
    var path: String

    init(_ value: JSONTree?, path: String) {
        self.value = value
        self.path = path
    }

    subscript(key: String) -> SnapshotField {
        SnapshotField(value?[key], path: path.isEmpty ? key : "\(path).\(key)")
    }

    func failure(_ wanted: String) -> UnreadableSnapshot {
        UnreadableSnapshot(
            "the snapshot is damaged: \(path.isEmpty ? "it" : path) is \(value == nil ? "missing" : "no \(wanted)")")
    }

    /// Nil where it is missing or null.
    private var present: JSONTree? {
        if case .null? = value { nil } else { value }
    }

    var isPresent: Bool { present != nil }

    func object() throws(UnreadableSnapshot) -> [JSONTree.Member] {
        guard case .object(let members)? = value else { throw failure("object") }
        return members
    }

    func text() throws(UnreadableSnapshot) -> String {
        guard let text = value?.string else { throw failure("text") }
        return text
    }

    func textIfPresent() throws(UnreadableSnapshot) -> String? {
        present == nil ? nil : try text()
    }

    func number<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(UnreadableSnapshot) -> Value {
        // A number of 64 bits without sign may be written with more than Int64 holds.
        if case .number(let digits)? = value, let number = Value(digits) { return number }
        guard let integer = value?.integer, let number = Value(exactly: integer) else { throw failure("number") }
        return number
    }

    func numberIfPresent<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(UnreadableSnapshot) -> Value? {
        present == nil ? nil : try number(type)
    }

    func flagIfPresent() throws(UnreadableSnapshot) -> Bool? {
        guard let present else { return nil }
        guard case .bool(let flag) = present else { throw failure("true or false") }
        return flag
    }

    func address() throws(UnreadableSnapshot) -> IPAddress {
        guard let address = IPAddress(try text()) else { throw failure("address") }
        return address
    }

    /// The elements of a list; none where it is missing.
    func elements() throws(UnreadableSnapshot) -> [SnapshotField] {
        guard let present else { return [] }
        guard case .array(let elements) = present else { throw failure("list") }
        return elements.enumerated().map { SnapshotField($1, path: "\(path)[\($0)]") }
    }

    /// The elements of a list of objects.
    func objects() throws(UnreadableSnapshot) -> [JSONTree] {
        try mapped { (field) throws(UnreadableSnapshot) in
            _ = try field.object()
            return field.value ?? .null
        }
    }

    func texts() throws(UnreadableSnapshot) -> [String] {
        try mapped { (field) throws(UnreadableSnapshot) in try field.text() }
    }

    func mapped<Value>(
        _ transform: (SnapshotField) throws(UnreadableSnapshot) -> Value
    ) throws(UnreadableSnapshot) -> [Value] {
        var values: [Value] = []
        for element in try elements() { values.append(try transform(element)) }
        return values
    }

    /// A text that was written line by line.
    func lines() throws(UnreadableSnapshot) -> String {
        guard value != nil else { throw failure("list of lines") }
        return try texts().joined(separator: "\n")
    }
}

extension JSONTree {
    static func number(_ value: some FixedWidthInteger) -> JSONTree {
        Int64(exactly: value).map { .integer($0) } ?? .number(String(value))
    }

    static func texts(_ values: [String]) -> JSONTree { .array(values.map { .string($0) }) }

    /// A text as a list of its lines: for people to read, and for diff(1).
    static func lines(_ text: String) -> JSONTree {
        if text.isEmpty { return .array([]) }
        return texts(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    static func sorted<Value>(_ values: [String: Value], _ transform: (Value) -> JSONTree) -> JSONTree {
        .object(values.sorted { $0.key < $1.key }.map { Member($0.key, transform($0.value)) })
    }
}
