extension JSONTree {
    /// The value as JSON (RFC 8259) on one line: `{"a":[1,2]}`. Read again it is equal.
    public var compact: String {
        var text: [UInt8] = []
        print(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The value as JSON for people: members and elements on lines of their own, indented by two blanks.
    ///
    /// - Parameters:
    ///   - depth: what lies that many levels down stands on one line.
    ///   - width: so does what has no more bytes than that.
    ///   - lists: keys whose values are spread over lines however deep they lie.
    public func indented(depth: Int = 3, width: Int = 80, lists: Set<String> = []) -> String {
        var text: [UInt8] = []
        printIndented(to: &text, Layout(depth: depth, width: width, lists: lists), level: 0, isList: false)
        text.append(UInt8(ascii: "\n"))
        return String(decoding: text, as: UTF8.self)
    }

    private struct Layout {
        var depth: Int
        var width: Int
        var lists: Set<String>
    }

    private func printIndented(to text: inout [UInt8], _ layout: Layout, level: Int, isList: Bool) {
        let isSpread = isList || level < layout.depth || members.contains { layout.lists.contains($0.key) }
        if !isSpread || fits(in: layout.width) { return print(to: &text) }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                Self.newLine(&text, isFirst: index == 0, level: level + 1)
                element.printIndented(to: &text, layout, level: level + 1, isList: false)
            }
            Self.newLine(&text, isFirst: true, level: level)
            text.append(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                Self.newLine(&text, isFirst: index == 0, level: level + 1)
                Self.print(member.key, to: &text)
                text += [UInt8(ascii: ":"), UInt8(ascii: " ")]
                let isList = layout.lists.contains(member.key)
                member.value.printIndented(to: &text, layout, level: level + 1, isList: isList)
            }
            Self.newLine(&text, isFirst: true, level: level)
            text.append(UInt8(ascii: "}"))
        default: print(to: &text)
        }
    }

    /// Whether it takes no more than so many bytes on one line, found without printing all of it.
    private func fits(in width: Int) -> Bool { rest(of: width) >= 0 }

    /// What it leaves of `width` bytes, about; negative where it takes more.
    private func rest(of width: Int) -> Int {
        switch self {
        case .null, .bool: return width - 5
        case .integer(let value): return width - String(value).utf8.count
        case .number(let text): return width - text.utf8.count
        case .string(let text): return width - text.utf8.count - 2
        case .array(let elements):
            var left = width - 2
            for element in elements where left >= 0 { left = element.rest(of: left) - 1 }
            return left
        case .object(let members):
            var left = width - 2
            for member in members where left >= 0 { left = member.value.rest(of: left - member.key.utf8.count - 4) }
            return left
        }
    }

    private static func newLine(_ text: inout [UInt8], isFirst: Bool, level: Int) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    private func print(to text: inout [UInt8]) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): text.append(contentsOf: String(value).utf8)
        case .number(let digits): text.append(contentsOf: digits.utf8)
        case .string(let value): Self.print(value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.print(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                Self.print(member.key, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.print(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func print(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        let isPlain: (UInt8) -> Bool = {
            $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if string.utf8.allSatisfy(isPlain) {
            text.append(contentsOf: string.utf8)
            text.append(UInt8(ascii: "\""))
            return
        }
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x0a: text.append(contentsOf: "\\n".utf8)
            case 0x09: text.append(contentsOf: "\\t".utf8)
            case 0x0d: text.append(contentsOf: "\\r".utf8)
            case 0..<0x20, 0x7f:
                let digits = String(byte, radix: 16)
                text.append(contentsOf: ("\\u00" + (digits.utf8.count == 1 ? "0" : "") + digits).utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
