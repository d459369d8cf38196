internal import Wire

/// Decides which packets a run looks at, by their `SampleNumber`.
struct PacketSampler {
    var share: SampleShare
    /// Datagrams whose first fragment was looked at, by a part of their key: a newer one takes the place of an older one.
    private var datagrams: [Datagram] = []

    private struct Datagram {
        var key: UInt64 = 0
        var isTaken = false
    }

    private static let datagramCount = 4096

    init(_ share: SampleShare) { self.share = share }

    /// Whether a packet is looked at. Later fragments are where their first one was, which is seen before them.
    mutating func takes(_ headers: borrowing PacketHeaders, in bytes: RawSpan) -> Bool {
        if share.isAll { return true }
        let number = SampleNumber(headers, in: bytes)
        let isTaken = takes(number)
        if case .fragment = number { return isTaken }
        if headers.isFragment { remember(headers.datagramKey, isTaken) }
        // A tunnel's packet that goes in pieces, of which the first shows what is within.
        if headers.tunnelFragmentKey != 0 { remember(headers.tunnelFragmentKey, isTaken) }
        return isTaken
    }

    func takes(_ number: SampleNumber) -> Bool {
        if share.isAll { return true }
        switch number {
        case .none: return true
        case .fragment(let key):
            guard !datagrams.isEmpty else { return false }
            let known = datagrams[Self.slot(key)]
            return known.key == key && known.isTaken
        case .number(let number): return share.takes(number)
        }
    }

    private mutating func remember(_ key: UInt64, _ isTaken: Bool) {
        if datagrams.isEmpty { datagrams = Array(repeating: Datagram(), count: Self.datagramCount) }
        datagrams[Self.slot(key)] = Datagram(key: key, isTaken: isTaken)
    }

    private static func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & (datagramCount - 1)
    }
}
