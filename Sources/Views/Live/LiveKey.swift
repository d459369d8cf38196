/// A key as a terminal sends it.
public enum LiveKey: Sendable, Hashable {
    /// A printable character.
    case character(Character)
    case enter
    case escape
    case backspace
    case tab
    case up
    case down
    case left
    case right
    case pageUp
    case pageDown
    case home
    case end
    /// Control and a letter, in lower case.
    case control(Character)
}

/// Makes keys of the bytes that a terminal sends (ECMA-48, xterm's control sequences). Unknown sequences are skipped whole.
///
/// An escape byte may be a key of its own or the beginning of a sequence: `finish` decides where no more follows.
public struct LiveKeyReader: Sendable {
    private var pending: [UInt8] = []
    /// No sequence is longer; what claims to be is thrown away.
    private static let limit = 64

    public init() {}

    /// Whether something waits for more bytes.
    public var isWaiting: Bool { !pending.isEmpty }

    public mutating func take(_ bytes: some Sequence<UInt8>) -> [LiveKey] {
        pending += bytes
        var keys: [LiveKey] = []
        while !pending.isEmpty, let (key, length) = Self.first(pending[...]) {
            pending.removeFirst(length)
            if let key { keys.append(key) }
        }
        if pending.count > Self.limit { pending.removeAll() }
        return keys
    }

    /// No more bytes came for a while: what waits is all there is of it.
    public mutating func finish() -> [LiveKey] {
        defer { pending.removeAll() }
        return pending == [0x1b] ? [.escape] : []
    }

    /// The first key and its length in bytes; a nil key is to be skipped. Nil where more bytes are needed.
    private static func first(_ bytes: ArraySlice<UInt8>) -> (key: LiveKey?, length: Int)? {
        guard let byte = bytes.first else { return nil }
        switch byte {
        case 0x1b: return sequence(bytes)
        case 0x0d, 0x0a: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x7f, 0x08: return (.backspace, 1)
        case 0x00..<0x20:
            let letter = Unicode.Scalar(byte | 0x60)
            return (("a"..."z").contains(letter) ? .control(Character(letter)) : nil, 1)
        case 0x20..<0x7f: return (.character(Character(Unicode.Scalar(byte))), 1)
        default: return text(bytes)
        }
    }

    /// A character of several bytes in UTF-8.
    private static func text(_ bytes: ArraySlice<UInt8>) -> (key: LiveKey?, length: Int)? {
        guard let byte = bytes.first else { return nil }
        let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
        guard length > 1 else { return (nil, 1) }
        if bytes.count < length { return nil }
        guard let text = String(validating: bytes.prefix(length), as: UTF8.self), let character = text.first else {
            return (nil, 1)
        }
        return (.character(character), length)
    }

    private static func sequence(_ bytes: ArraySlice<UInt8>) -> (key: LiveKey?, length: Int)? {
        let rest = bytes.dropFirst()
        guard let second = rest.first else { return nil }
        switch second {
        case UInt8(ascii: "["):
            guard let end = rest.dropFirst().firstIndex(where: { (0x40...0x7e).contains($0) }) else { return nil }
            let parameters = rest.dropFirst().prefix(upTo: end)
            return (csi(parameters, final: bytes[end]), end - bytes.startIndex + 1)
        case UInt8(ascii: "O"):
            guard let third = rest.dropFirst().first else { return nil }
            return (csi([], final: third), 3)
        // A key of its own, and what was typed after it before anybody looked. Alt and a key look the same.
        default: return (.escape, 1)
        }
    }

    private static func csi(_ parameters: ArraySlice<UInt8>, final: UInt8) -> LiveKey? {
        switch final {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return .right
        case UInt8(ascii: "D"): return .left
        case UInt8(ascii: "H"): return .home
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "~"):
            switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
            case "1", "7": return .home
            case "4", "8": return .end
            case "5": return .pageUp
            case "6": return .pageDown
            default: return nil
            }
        default: return nil
        }
    }
}
