internal import CPcap
internal import Wire

/// A capture's filter in the kernel: what of the user's filter is left to it, and behind it the choice of a sample.
///
/// `SampleNumber` in classic BPF, for echoes, UDP and TCP over an IPv4 header without options, neither in fragments nor in
/// tunnels. All other packets go to the reader, which chooses itself.
struct SampleProgram {
    private(set) var instructions: [bpf_insn]

    /// - Parameters:
    ///   - coarse: compiled for `linkType`; empty for every packet.
    ///   - tunnelPorts: UDP ports whose datagrams may carry other packets.
    init(_ coarse: [bpf_insn], share: SampleShare, linkType: LinkType, tunnelPorts: [UInt16]) {
        instructions = coarse
        let start: UInt32? = linkType == .ethernet ? 14 : linkType == .raw ? 0 : nil
        guard !share.isAll, let start else {
            if instructions.isEmpty { instructions = [FilterAssembler.statement(.give, all)] }
            return
        }
        // What the filter takes goes on to the choice.
        for index in instructions.indices
        where instructions[index].code == FilterAssembler.Code.give.rawValue && instructions[index].k != 0 {
            instructions[index] = FilterAssembler.statement(.jump, UInt32(instructions.count - index - 1))
        }
        var choice = Choice(start: start, threshold: UInt32(share.threshold), tunnelPorts: tunnelPorts)
        choice.write()
        instructions += choice.code.program
    }

    /// The choice, for packets whose IP header is `start` bytes from their beginning.
    private struct Choice {
        let start: UInt32
        let threshold: UInt32
        let tunnelPorts: [UInt16]
        var code = FilterAssembler()

        mutating func write() {
            if start > 0 { take(unless: .equal, 0x0800) { $0.add(.loadHalf, 12) } }
            takeShorter(than: 40)
            take(unless: .equal, 0x45) { [start] in $0.add(.loadByte, start) }
            code.add(.loadHalf, start + 6)
            code.when(.anyOf, 0x3fff) { $0.add(.give, all) }
            code.add(.loadByte, start + 9)
            for ipProtocol in [IPProtocol.tcp, .udp, .icmp] {
                // A long jump over what is for another protocol: a conditional one is of 255 instructions at most.
                let rest = code.beginUnless(.equal, UInt32(ipProtocol.rawValue))
                switch ipProtocol {
                case .tcp: writeTCP()
                case .udp: writeUDP()
                default: writeEcho()
                }
                code.end(rest)
            }
            code.add(.give, all)
        }

        /// Leaves the packet to the reader unless what `load` loads compares so.
        private mutating func take(
            unless test: FilterAssembler.Code, _ value: UInt32, _ load: (inout FilterAssembler) -> Void
        ) {
            load(&code)
            code.unless(test, value) { $0.add(.give, all) }
        }

        /// A load from behind the packet's end would leave it out.
        private mutating func takeShorter(than length: UInt32) {
            take(unless: .atLeast, start + length) { $0.add(.loadLength, 0) }
        }

        // MARK: UDP and echoes

        private mutating func writeUDP() {
            takeShorter(than: 60)
            take(unless: .atLeast, 60) { [start] in $0.add(.loadHalf, start + 2) }
            take(unless: .atLeast, 40) { [start] in $0.add(.loadHalf, start + 24) }
            for offset in [20, 22] as [UInt32] {
                code.add(.loadHalf, start + offset)
                for port in tunnelPorts { code.when(.equal, UInt32(port)) { $0.add(.give, all) } }
            }
            writeHash(IPProtocol.udp.rawValue, identification: start + 4)
        }

        private mutating func writeEcho() {
            takeShorter(than: 60)
            take(unless: .atLeast, 60) { [start] in $0.add(.loadHalf, start + 2) }
            code.add(.loadByte, start + 20)
            // 0 is a reply, 8 a request.
            code.add(.keep, ~8)
            code.unless(.equal, 0) { $0.add(.give, all) }
            writeHash(IPProtocol.icmp.rawValue, identification: start + 26)
        }

        /// `SampleHash`: its three words are the first of the memory.
        private mutating func writeHash(_ ipProtocol: UInt8, identification: UInt32) {
            let initial = 0xdead_beef &+ 36 &+ UInt32(ipProtocol)
            // The two bytes as the lower half of a little-endian number.
            code.add(.loadByte, identification + 1)
            code.add(.shiftLeft, 8)
            code.add(.copy, 0)
            code.add(.loadByte, identification)
            code.add(.orIndex, 0)
            code.add(.addValue, initial)
            code.add(.store, 0)
            for (word, memory) in [(0, 1), (1, 2)] as [(UInt32, UInt32)] {
                load(word)
                code.add(.addValue, initial)
                code.add(.store, memory)
            }
            for round in [2, 5] as [UInt32] {
                mix()
                for memory in 0..<3 as Range<UInt32> {
                    load(round + memory)
                    code.add(.copy, 0)
                    code.add(.recall, memory)
                    code.add(.addIndex, 0)
                    code.add(.store, memory)
                }
            }
            finish()
            code.add(.recall, 2)
            code.when(.atLeast, threshold) { $0.add(.give, 0) }
            code.add(.give, all)
        }

        /// Of the payload, which begins 28 bytes behind `start`: the kernel hashes little-endian numbers, and a filter loads
        /// big-endian ones.
        private mutating func load(_ word: UInt32) {
            code.add(.loadWord, start + 28 + 4 * word)
            if 1.littleEndian != 1 { return }
            code.add(.store, 3)
            for (mask, shift, isLeft) in [
                (0xff, 24, true), (0xff00, 8, true), (0xff_0000, 8, false), (0xff00_0000, 24, false),
            ] as [(UInt32, UInt32, Bool)] {
                code.add(.recall, 3)
                code.add(.keep, mask)
                code.add(isLeft ? .shiftLeft : .shiftRight, shift)
                if shift == 24, isLeft {
                    code.add(.store, 4)
                    continue
                }
                code.add(.copy, 0)
                code.add(.recall, 4)
                code.add(.orIndex, 0)
                code.add(.store, 4)
            }
        }

        private mutating func loadRotated(_ memory: UInt32, by count: UInt32) {
            code.add(.recall, memory)
            code.add(.shiftRight, 32 - count)
            code.add(.copy, 0)
            code.add(.recall, memory)
            code.add(.shiftLeft, count)
            code.add(.orIndex, 0)
        }

        private mutating func mix() {
            for (one, two, three, count) in [
                (0, 2, 1, 4), (1, 0, 2, 6), (2, 1, 0, 8), (0, 2, 1, 16), (1, 0, 2, 19), (2, 1, 0, 4),
            ] as [(UInt32, UInt32, UInt32, UInt32)] {
                code.add(.recallIndex, two)
                code.add(.recall, one)
                code.add(.subtractIndex, 0)
                code.add(.store, one)
                loadRotated(two, by: count)
                code.add(.recallIndex, one)
                code.add(.xorIndex, 0)
                code.add(.store, one)
                code.add(.recallIndex, three)
                code.add(.recall, two)
                code.add(.addIndex, 0)
                code.add(.store, two)
            }
        }

        private mutating func finish() {
            for (one, two, count) in [
                (2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24),
            ] as [(UInt32, UInt32, UInt32)] {
                code.add(.recallIndex, two)
                code.add(.recall, one)
                code.add(.xorIndex, 0)
                code.add(.store, one)
                loadRotated(two, by: count)
                code.add(.copy, 0)
                code.add(.recall, one)
                code.add(.subtractIndex, 0)
                code.add(.store, one)
            }
        }

        // MARK: TCP

        /// Memory: 0 the bytes of data, 1 the sequence number of the first.
        private mutating func writeTCP() {
            code.add(.loadByte, start + 32)
            code.add(.shiftRight, 4)
            code.add(.shiftLeft, 2)
            code.unless(.atLeast, 20) { $0.add(.give, all) }
            code.add(.addValue, 20)
            code.add(.copy, 0)
            code.add(.loadHalf, start + 2)
            code.unless(.atLeastIndex, 0) { $0.add(.give, all) }
            code.add(.subtractIndex, 0)
            code.add(.store, 0)
            // What carries no data and acknowledges goes by the byte that it acknowledges.
            let withData = code.beginUnless(.equal, 0)
            code.add(.loadByte, start + 33)
            code.when(.anyOf, 0x10) { [start, threshold] in
                $0.add(.loadWord, start + 28)
                $0.add(.subtractValue, 1)
                Self.choose(&$0, threshold)
                $0.add(.give, 0)
            }
            code.end(withData)
            // A SYN stands for one byte.
            code.add(.loadByte, start + 33)
            code.add(.keep, 2)
            code.add(.shiftRight, 1)
            code.add(.recallIndex, 0)
            code.add(.addIndex, 0)
            code.when(.equal, 0) { $0.add(.loadValue, 1) }
            code.add(.subtractValue, 1)
            code.add(.copy, 0)
            code.add(.loadWord, start + 24)
            code.add(.store, 1)
            code.add(.addIndex, 0)
            Self.choose(&code, threshold)
            code.add(.recall, 1)
            Self.choose(&code, threshold)
            code.add(.give, 0)
        }

        /// Takes the packet if the block of the byte whose sequence number is loaded is in the sample: the numbers of blocks
        /// have 16 bits, the upper half of 32.
        private static func choose(_ code: inout FilterAssembler, _ threshold: UInt32) {
            code.add(.shiftRight, 16)
            code.add(.xorValue, 0x5aa5)
            for (factor, shift) in [(0x9e37, 7), (0x85eb, 9)] as [(UInt32, UInt32)] {
                code.add(.multiply, factor)
                code.add(.keep, 0xffff)
                code.add(.copy, 0)
                code.add(.shiftRight, shift)
                code.add(.xorIndex, 0)
            }
            code.unless(.atLeast, (threshold - 1) >> 16 + 1) { $0.add(.give, all) }
        }
    }
}

/// How much of a packet a filter that takes it asks for.
private let all: UInt32 = 0x40000
