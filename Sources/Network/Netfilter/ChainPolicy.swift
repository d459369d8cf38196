/// What a base chain does with a packet that no rule decided about.
public struct ChainPolicy: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let accept: Self = "accept"
    public static let drop: Self = "drop"
}
