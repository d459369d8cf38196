/// The stable name of a kind of finding: lower-case, hyphenated (`no-route`).
///
/// A struct rather than an enum, so that a new kind is added where it is found, and a code of a newer version that is
/// read from JSON stays printable. `docs/findings.md` lists them all.
public struct FindingCode: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

extension FindingCode: ExpressibleByStringLiteral, CustomStringConvertible, Comparable {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
    public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}
