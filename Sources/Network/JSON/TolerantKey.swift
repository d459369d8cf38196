/// The keys of a value that is read even where some of them are missing, as they are in older recordings.
///
/// A type whose `CodingKeys` conform keeps its synthesised `Decodable`: `decode` for such keys, below, is more specific
/// than the library's and is called in its place. A list that is missing, or `null`, is empty, a flag is false, and
/// `defaults` holds whatever else may be missing. All other keys that are not optional identify the value: without them
/// it can't be read. Unknown keys are passed over.
protocol TolerantKey: CodingKey, Hashable {
    /// Values of exactly the property's type.
    static var defaults: [Self: any Sendable] { get }
}

extension TolerantKey {
    static var defaults: [Self: any Sendable] { [:] }
}

extension KeyedDecodingContainer where Key: TolerantKey {
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try value(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try value(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try value(key) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try value(key) }

    private func value<Value: Decodable>(_ key: Key) throws -> Value {
        if let value = try decodeIfPresent(Value.self, forKey: key) { return value }
        if let value = Key.defaults[key] as? Value { return value }
        if let value = (Value.self as? any EmptyWhereMissing.Type)?.empty as? Value { return value }
        throw DecodingError.keyNotFound(
            key, DecodingError.Context(codingPath: codingPath, debugDescription: "is missing"))
    }
}

/// What a missing key stands for by its type alone.
private protocol EmptyWhereMissing {
    static var empty: Self { get }
}

extension Bool: EmptyWhereMissing {
    fileprivate static var empty: Self { false }
}

extension Array: EmptyWhereMissing {
    fileprivate static var empty: Self { [] }
}

extension Dictionary: EmptyWhereMissing {
    fileprivate static var empty: Self { [:] }
}
