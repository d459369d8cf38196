internal import CPcap

/// Writes classic BPF (Documentation/networking/filter.rst of Linux).
struct FilterAssembler {
    enum Code: UInt16 {
        case loadWord = 0x20
        case loadHalf = 0x28
        case loadByte = 0x30
        /// The packet's length.
        case loadLength = 0x80
        case loadValue = 0x00
        case recall = 0x60
        case recallIndex = 0x61
        case store = 0x02
        /// To the index register.
        case copy = 0x07
        case addValue = 0x04
        case addIndex = 0x0c
        case subtractValue = 0x14
        case subtractIndex = 0x1c
        case multiply = 0x24
        case orIndex = 0x4c
        /// Keeps the bits that are set in its value.
        case keep = 0x54
        case shiftLeft = 0x64
        case shiftRight = 0x74
        case xorValue = 0xa4
        case xorIndex = 0xac
        case jump = 0x05
        case equal = 0x15
        case atLeast = 0x35
        case atLeastIndex = 0x3d
        case anyOf = 0x45
        /// Ends, and takes so many bytes.
        case give = 0x06
    }

    private(set) var program: [bpf_insn] = []

    static func statement(_ code: Code, _ value: UInt32) -> bpf_insn {
        bpf_insn(code: code.rawValue, jt: 0, jf: 0, k: value)
    }

    mutating func add(_ code: Code, _ value: UInt32) { program.append(Self.statement(code, value)) }

    /// Does what `body` writes, at most 255 instructions, if the accumulator compares so.
    mutating func when(_ test: Code, _ value: UInt32, _ body: (inout FilterAssembler) -> Void) {
        let index = program.count
        add(test, value)
        body(&self)
        program[index].jf = UInt8(program.count - index - 1)
    }

    /// The same if it does not.
    mutating func unless(_ test: Code, _ value: UInt32, _ body: (inout FilterAssembler) -> Void) {
        let index = program.count
        add(test, value)
        body(&self)
        program[index].jt = UInt8(program.count - index - 1)
    }

    /// Goes on behind `end` unless the accumulator compares so, however far that is.
    mutating func beginUnless(_ test: Code, _ value: UInt32) -> Int {
        add(test, value)
        program[program.count - 1].jt = 1
        add(.jump, 0)
        return program.count - 1
    }

    mutating func end(_ beginning: Int) { program[beginning].k = UInt32(program.count - beginning - 1) }
}
