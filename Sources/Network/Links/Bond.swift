extension Link {
    /// What a bond makes of its ports (Documentation/networking/bonding.rst).
    public struct Bond: Sendable, Codable, Hashable {
        public var mode: BondMode
        /// The port that carries the packets, of the modes that use one at a time.
        public var activePort: String?

        public init(mode: BondMode, activePort: String? = nil) {
            self.mode = mode
            self.activePort = activePort
        }

        enum CodingKeys: String, TolerantKey {
            case mode
            case activePort = "active_port"
        }
    }

    /// BOND_MODE_* (linux/if_bonding.h), as ip-link(8) writes it.
    public struct BondMode: NamedValue {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let roundRobin: Self = "balance-rr"
        public static let activeBackup: Self = "active-backup"
        public static let xor: Self = "balance-xor"
        public static let broadcast: Self = "broadcast"
        public static let lacp: Self = "802.3ad"
        public static let transmitLoad: Self = "balance-tlb"
        public static let adaptiveLoad: Self = "balance-alb"
    }
}
