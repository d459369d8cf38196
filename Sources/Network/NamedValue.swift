/// A value that the kernel, or a tool, calls by a name, out of a list that grows: the names known here are constants,
/// any other is kept, compared and printed as it came.
///
/// Coded as its name alone, so that a recording of a later kernel reads as well as one of today's.
public protocol NamedValue: RawRepresentable<String>, ExpressibleByStringLiteral, CustomStringConvertible, Hashable,
    Sendable, Codable
{
    init(rawValue: String)
}

extension NamedValue {
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    public var description: String { rawValue }
}
