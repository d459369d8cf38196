/// Numbers of the pcapng format (draft-ietf-opsawg-pcapng).
enum PcapNG {
    enum Block {
        static let sectionHeader: UInt32 = 0x0a0d_0d0a
        static let interface: UInt32 = 1
        /// Obsolete.
        static let packet: UInt32 = 2
        static let simplePacket: UInt32 = 3
        static let nameResolution: UInt32 = 4
        static let interfaceStatistics: UInt32 = 5
        static let enhancedPacket: UInt32 = 6
        /// May be copied by tools that do not understand it.
        static let custom: UInt32 = 0x0000_0bad
        /// Ours, from the range for local use. Wireshark lists custom blocks among the packets; blocks of types that
        /// it does not know it skips, as libpcap does.
        static let record: UInt32 = 0x8050_6b57
        /// Not to be copied.
        static let customNoCopy: UInt32 = 0x4000_0bad
    }

    enum Option {
        static let end: UInt16 = 0
        static let comment: UInt16 = 1
        static let customText: UInt16 = 2988
        static let customBytes: UInt16 = 2989
        static let sectionApplication: UInt16 = 4
        static let interfaceName: UInt16 = 2
        static let interfaceDescription: UInt16 = 3
        static let interfaceMAC: UInt16 = 6
        static let interfaceTimeResolution: UInt16 = 9
        static let interfaceTimeOffset: UInt16 = 14
        static let packetFlags: UInt16 = 2
        static let statisticsReceived: UInt16 = 4
        static let statisticsDropped: UInt16 = 5
    }

    static let byteOrderMagic: UInt32 = 0x1a2b_3c4d
    /// What stands in place of a private enterprise number: the one that RFC 5612 sets aside for documentation. The
    /// project has none of its own, so `magic` follows it wherever it is used.
    static let enterprise: UInt32 = 32473
    /// "PkWk" in the order of the bytes.
    static let magic: UInt32 = 0x6b57_6b50
}

/// What a record block holds. Its body: enterprise number, magic, kind and flags (16 bits each), length of the
/// payload (32 bits), payload. All but the enterprise number is little-endian, whatever the
/// section's byte order.
enum RecordBlock: UInt16 {
    /// JSON `RecordingHeader`: the first block behind a section header of ours.
    case header = 1
    case topology = 2
    case vantage = 3
    case flow = 4
    case route = 5
    case rule = 6
    case drop = 7
    case sendFailure = 8
    case loss = 9
    case counters = 10
    /// Nanoseconds as a signed 64-bit number; all others are JSON.
    case watermark = 11
    case sampling = 12

    /// The event was in an earlier file of the same ring; it is repeated so that this file stands alone.
    static let repeated: UInt16 = 1
    /// The payload is a zstd frame (`PackedNetwork`).
    static let packed: UInt16 = 2
    /// The frame refers to the payload of the topology record before it in this section.
    static let follows: UInt16 = 4
    static let headerLength = 16
}
