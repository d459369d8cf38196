public import Network

/// How a recording is written.
public struct RecordingOptions: Sendable {
    /// Bytes kept of each packet; nil for all that were captured. Walks stay as they are: what the missing bytes said
    /// of a packet stands beside it.
    public var snapLength: Int?
    public var ring: RecordingRing?
    /// Addresses are replaced, prefix by prefix; payload is left out. See `Anonymizer`.
    public var anonymizes = false
    /// The run was asked for certain packets only, so that its walks are all meant to be shown.
    public var isFiltered = false
    /// Whose events are written. An anonymised recording does not say it.
    public var host: HostID?

    public init(
        snapLength: Int? = nil, ring: RecordingRing? = nil, anonymizes: Bool = false, isFiltered: Bool = false,
        host: HostID? = nil
    ) {
        self.snapLength = snapLength
        self.ring = ring
        self.anonymizes = anonymizes
        self.isFiltered = isFiltered
        self.host = host
    }
}

/// A ring of files: how many, and when the next begins. Text: `10x100MB`, `24x1h`.
public struct RecordingRing: Sendable, Hashable, LosslessStringConvertible {
    public enum Limit: Sendable, Hashable {
        case bytes(Int)
        /// In the time of the events.
        case nanoseconds(Int64)
    }

    public var fileCount: Int
    public var limit: Limit

    public init(fileCount: Int, limit: Limit) {
        self.fileCount = fileCount
        self.limit = limit
    }

    private static let units: [(name: String, factor: Int64, isTime: Bool)] = [
        ("kB", 1000, false), ("MB", 1_000_000, false), ("GB", 1_000_000_000, false), ("KiB", 1 << 10, false),
        ("MiB", 1 << 20, false), ("GiB", 1 << 30, false), ("min", 60_000_000_000, true), ("s", 1_000_000_000, true),
        ("h", 3_600_000_000_000, true), ("B", 1, false),
    ]

    /// Nil unless it is a count, `x`, a number and a unit: kB, MB, GB, KiB, MiB, GiB, s, min or h.
    public init?(_ description: String) {
        let parts = description.split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...100_000).contains(count),
            let unit = Self.units.first(where: { parts[1].hasSuffix($0.name) }),
            let amount = Int64(parts[1].dropLast(unit.name.count)), amount > 0
        else { return nil }
        let (value, overflows) = amount.multipliedReportingOverflow(by: unit.factor)
        guard !overflows else { return nil }
        self.init(fileCount: count, limit: unit.isTime ? .nanoseconds(value) : .bytes(Int(value)))
    }

    public var description: String {
        let (value, isTime) =
            switch limit {
            case .bytes(let bytes): (Int64(bytes), false)
            case .nanoseconds(let time): (time, true)
            }
        let fitting = Self.units.filter { $0.isTime == isTime && value % $0.factor == 0 }
        guard let unit = fitting.max(by: { $0.factor < $1.factor }) else { return "\(fileCount)x\(value)" }
        return "\(fileCount)x\(value / unit.factor)\(unit.name)"
    }

    /// `trace.pcapng` becomes `trace_00001.pcapng`.
    public func path(_ path: String, file: Int) -> String {
        let digits = String(file)
        let number = "_" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[name...].lastIndex(of: "."), dot != name else { return path + number }
        return path[..<dot] + number + path[dot...]
    }
}
