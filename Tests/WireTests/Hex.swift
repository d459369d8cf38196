import Testing
import Wire

/// Bytes from annotated hex: what stands behind `//` on a line is a remark, space is free.
func hex(_ text: String) -> [UInt8] {
    var digits: [UInt8] = []
    for line in text.split(separator: "\n") {
        var previous: Character?
        for character in line {
            if character == "/", previous == "/" { break }
            if let value = character.hexDigitValue { digits.append(UInt8(value)) }
            previous = character
        }
    }
    precondition(digits.count.isMultiple(of: 2), "odd number of hex digits: \(text)")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Dissects the first `count` bytes of a frame that was whole on the wire.
func headers(of frame: [UInt8], first count: Int? = nil, as linkType: LinkType = .ethernet) -> PacketHeaders {
    let captured = Array(frame.prefix(count ?? frame.count))
    return dissect(captured.span.bytes, linkType: linkType, originalLength: frame.count)
}

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
func mac(_ text: String) throws -> MACAddress { try #require(MACAddress(text)) }
