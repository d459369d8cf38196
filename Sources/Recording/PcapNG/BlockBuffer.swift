/// Blocks in the making: little-endian numbers, each block and option padded to four bytes.
struct BlockBuffer {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ content: some Collection<UInt8>) {
        bytes.append(contentsOf: content)
    }

    mutating func pad() {
        while bytes.count & 3 != 0 { bytes.append(0) }
    }

    /// Begins a block; `end` fills in its length.
    mutating func begin(_ type: UInt32) -> Int {
        let start = bytes.count
        append(type)
        append(UInt32(0))
        return start
    }

    mutating func end(_ start: Int) {
        let length = UInt32(truncatingIfNeeded: bytes.count - start + 4)
        append(length)
        withUnsafeBytes(of: length.littleEndian) {
            bytes.replaceSubrange(start + 4..<start + 8, with: $0)
        }
    }

    /// An option; a value longer than an option can hold is cut.
    mutating func option(_ code: UInt16, _ value: some Collection<UInt8>) {
        append(code)
        append(UInt16(min(value.count, 65_532)))
        append(value.prefix(65_532))
        pad()
    }

    /// Text is cut between characters.
    mutating func option(_ code: UInt16, text: String) {
        var cut = text
        if cut.utf8.count > 4096 {
            cut = String(text.prefix(1024))
            while cut.utf8.count > 65_000 { cut.removeLast(cut.count / 2 + 1) }
        }
        option(code, Array(cut.utf8))
    }

    mutating func customOption(_ value: [UInt8]) {
        append(PcapNG.Option.customBytes)
        append(UInt16(value.count + 8))
        append(PcapNG.enterprise)
        append(PcapNG.magic)
        append(value)
        pad()
    }

    mutating func endOptions() { append(UInt32(0)) }

    mutating func record(_ kind: RecordBlock, flags: UInt16 = 0, _ payload: some Collection<UInt8>) {
        let start = begin(PcapNG.Block.record)
        append(PcapNG.enterprise)
        append(PcapNG.magic)
        append(kind.rawValue)
        append(flags)
        append(UInt32(payload.count))
        append(payload)
        pad()
        end(start)
    }
}
