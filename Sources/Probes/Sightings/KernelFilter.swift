internal import Wire

/// `struct filter` of sighting.bpf.c: what the kernel does with the packets of each protocol.
///
/// What a filter leaves to the kernel speaks of protocols alone (`CoarseFilter`). So libpcap is asked about one packet of
/// each, and the programs look the answer up: what is not wanted costs them a few instructions, however long the filter.
struct KernelFilter: Equatable {
    /// 8968 of them.
    private(set) var bytes: [UInt8]

    private enum Wish {
        static let unwanted: UInt8 = 0
        static let wanted: UInt8 = 1
        /// Only where a port is a tunnel's.
        static let inTunnel: UInt8 = 2
        /// Only where the ICMP type is no echo's.
        static let asError: UInt8 = 3
    }

    private static let size = 3 * 256 + 8 + 8192
    private static let everythingOffset = 768
    private static let otherOffset = 769
    private static let sampleOffset = 772
    private static let portsOffset = 776

    /// Lets every packet through.
    static let everything = KernelFilter(everything: true)

    private init(everything: Bool) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes[Self.everythingOffset] = everything ? 1 : 0
        self.bytes = bytes
        carry(tunnelPorts: PacketHeaders.tunnelPorts)
    }

    private mutating func carry(tunnelPorts: [UInt16]) {
        for port in tunnelPorts { bytes[Self.portsOffset + Int(port >> 3)] |= 1 << UInt8(port & 7) }
    }

    /// The same, of a share of the packets.
    func sampling(_ share: SampleShare) -> KernelFilter {
        var filter = self
        let threshold = share.isAll ? 0 : UInt32(share.threshold)
        withUnsafeBytes(of: threshold) { filter.bytes.replaceSubrange(Self.sampleOffset..<Self.portsOffset, with: $0) }
        return filter
    }

    init(_ coarse: CoarseFilter) {
        guard !coarse.expression.isEmpty,
            let program = try? PacketFilter.Program(coarse.linkExpression, linkType: .ethernet)
        else {
            self = .everything
            return
        }
        var bytes = Self(everything: false).bytes
        for number in 0...255 {
            let next = UInt8(number)
            // Ports and types are 0 in these packets: no tunnel's, and an echo reply's.
            let isWanted = Self.isWanted(program, 0x0800) { $0[23] = next }
            let otherwise: UInt8 = next == 17 ? Wish.inTunnel : next == 1 ? Wish.asError : Wish.unwanted
            bytes[number] = isWanted ? Wish.wanted : otherwise
            let isWanted6 = Self.isWanted(program, 0x86dd) { $0[20] = next }
            bytes[256 + number] = isWanted6 ? Wish.wanted : next == 17 ? Wish.inTunnel : Wish.unwanted
            let isWantedFragment = Self.isWanted(program, 0x86dd) {
                $0[20] = 44
                $0[54] = next
            }
            bytes[512 + number] = isWantedFragment ? Wish.wanted : Wish.unwanted
        }
        // An ethertype for experiments (IEEE 802), which stands for all that are neither IP nor ARP.
        bytes[Self.otherOffset] = Self.isWanted(program, 0x88b5) { _ in } ? Wish.wanted : Wish.unwanted
        self.bytes = bytes
        carry(tunnelPorts: coarse.tunnelPorts)
    }

    private static func isWanted(
        _ program: PacketFilter.Program, _ etherType: UInt16, _ fill: (inout [UInt8]) -> Void
    ) -> Bool {
        var frame = [UInt8](repeating: 0, count: 128)
        frame[12] = UInt8(etherType >> 8)
        frame[13] = UInt8(etherType & 0xff)
        if etherType == 0x0800 { frame[14] = 0x45 }
        if etherType == 0x86dd { frame[14] = 0x60 }
        fill(&frame)
        return frame.withUnsafeBytes { program.matches($0, originalLength: $0.count) }
    }
}
