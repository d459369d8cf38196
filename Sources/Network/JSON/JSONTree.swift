/// A JSON text as a tree (RFC 8259), each member with the bytes that it came from.
///
/// Used for what other programs print (libnftables, container engines). Unlike a `Decoder` it asks for no shape
/// beforehand, keeps the order of members and can give back a part of the text as it stood.
public indirect enum JSONTree: Sendable {
    public struct Member: Sendable {
        public var key: String
        public var value: JSONTree
        /// Where the value stands in the text.
        public var range: Range<Int>
    }

    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is no 64-bit integer, as written.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    package subscript(key: String) -> JSONTree? { member(key)?.value }

    package func member(_ key: String) -> Member? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }
    }

    /// The one member of an object such as `{"match": …}`.
    package var only: (key: String, value: JSONTree)? {
        guard case .object(let members) = self, members.count == 1, let member = members.first else { return nil }
        return (member.key, member.value)
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    package var elements: [JSONTree] {
        if case .array(let elements) = self { elements } else { [] }
    }
}

/// A text that is no JSON.
public struct MalformedJSON: Error, Hashable, CustomStringConvertible {
    public var offset: Int
    public var reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "malformed JSON at byte \(offset): \(reason)" }
}

extension JSONTree {
    /// Reads a whole text. Throws `MalformedJSON`, also for nesting deeper than 256.
    ///
    /// - Parameter passedOver: of members with this name the value is null: only the range says what stood there. Of
    ///   what is in it only brackets and strings are looked at.
    public init(parsing text: [UInt8], passingOver passedOver: String? = nil) throws(MalformedJSON) {
        var parser = JSONParser(text, passingOver: passedOver)
        self = try parser.document()
    }

    /// A piece of JSON without the blanks between its tokens.
    package static func compact(_ text: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var quoted = false
        var escaped = false
        for byte in text {
            if quoted {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    quoted = false
                }
            } else if byte == UInt8(ascii: "\"") {
                quoted = true
            } else if byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
                continue
            }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private struct JSONParser {
    private let text: [UInt8]
    private var offset = 0
    private var depth = 0
    private let passedOver: String?

    init(_ text: [UInt8], passingOver passedOver: String?) {
        self.text = text
        self.passedOver = passedOver
    }

    mutating func document() throws(MalformedJSON) -> JSONTree {
        let value = try value()
        skipBlanks()
        if offset != text.count { throw failure("more after the end") }
        return value
    }

    private func failure(_ reason: String) -> MalformedJSON { MalformedJSON(offset: offset, reason: reason) }

    private mutating func skipBlanks() {
        while offset < text.count {
            switch text[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard offset < text.count, text[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func value() throws(MalformedJSON) -> JSONTree {
        skipBlanks()
        guard offset < text.count else { throw failure("ends too early") }
        switch text[offset] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONTree) throws(MalformedJSON) -> JSONTree {
        let matches = word.withUTF8Buffer { text[offset...].starts(with: $0) }
        guard matches else { throw failure("an unknown word") }
        offset += word.utf8CodeUnitCount
        return value
    }

    private mutating func object() throws(MalformedJSON) -> JSONTree {
        try enter()
        var members: [JSONTree.Member] = []
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipBlanks()
                guard offset < text.count, text[offset] == UInt8(ascii: "\"") else { throw failure("no key") }
                let key = try string()
                guard take(UInt8(ascii: ":")) else { throw failure("no colon") }
                skipBlanks()
                let start = offset
                let value = key == passedOver ? try passOver() : try value()
                members.append(JSONTree.Member(key: key, value: value, range: start..<offset))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw failure("an object without end") }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func array() throws(MalformedJSON) -> JSONTree {
        try enter()
        var elements: [JSONTree] = []
        if !take(UInt8(ascii: "]")) {
            repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw failure("an array without end") }
        }
        depth -= 1
        return .array(elements)
    }

    /// Reads a value and keeps nothing of it.
    private mutating func passOver() throws(MalformedJSON) -> JSONTree {
        let depth = depth
        if offset < text.count, ",:]}".utf8.contains(text[offset]) { throw failure("no value") }
        repeat {
            skipBlanks()
            guard offset < text.count else { throw failure("ends too early") }
            switch text[offset] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): try enter()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                offset += 1
                self.depth -= 1
            case UInt8(ascii: "\""): _ = try string()
            case UInt8(ascii: ","), UInt8(ascii: ":"): offset += 1
            default: _ = try value()
            }
        } while self.depth > depth
        return .null
    }

    private mutating func enter() throws(MalformedJSON) {
        offset += 1
        depth += 1
        if depth > 256 { throw failure("nested too deeply") }
    }

    private mutating func number() throws(MalformedJSON) -> JSONTree {
        let start = offset
        scan: while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                offset += 1
            default: break scan
            }
        }
        let digits = String(decoding: text[start..<offset], as: UTF8.self)
        if !digits.hasPrefix("+"), let integer = Int64(digits) { return .integer(integer) }
        guard !digits.hasPrefix("+"), !digits.hasPrefix("."), Double(digits) != nil else {
            offset = start
            throw failure("no value")
        }
        return .number(digits)
    }

    private mutating func string() throws(MalformedJSON) -> String {
        offset += 1
        let start = offset
        while offset < text.count, text[offset] != UInt8(ascii: "\""), text[offset] != UInt8(ascii: "\\") {
            offset += 1
        }
        guard offset < text.count else { throw failure("a string without end") }
        if text[offset] == UInt8(ascii: "\"") {
            offset += 1
            return String(decoding: text[start..<offset - 1], as: UTF8.self)
        }
        var bytes = Array(text[start..<offset])
        while offset < text.count {
            let byte = text[offset]
            offset += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") { try unescape(into: &bytes) } else { bytes.append(byte) }
        }
        throw failure("a string without end")
    }

    private mutating func unescape(into bytes: inout [UInt8]) throws(MalformedJSON) {
        guard offset < text.count else { throw failure("a string without end") }
        let byte = text[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if 0xd800..<0xdc00 ~= code, text[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                offset += 2
                let low = try hexadecimal()
                if 0xdc00..<0xe000 ~= low { code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00) }
            }
            // Half of a pair stands for nothing.
            bytes += Array(String(Character(Unicode.Scalar(code) ?? "\u{fffd}")).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(MalformedJSON) -> UInt32 {
        guard offset + 4 <= text.count, !text[offset..<offset + 4].contains(UInt8(ascii: "+")),
            !text[offset..<offset + 4].contains(UInt8(ascii: "-")),
            let code = UInt32(String(decoding: text[offset..<offset + 4], as: UTF8.self), radix: 16)
        else { throw failure("an unknown escape") }
        offset += 4
        return code
    }
}
