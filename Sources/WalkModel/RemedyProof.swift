/// What a remedy was seen to do in a rebuilt network.
public struct RemedyProof: Sendable, Hashable {
    /// How the packet fared without it: `dropped by nft inet filter forward 3 in host`.
    public var without: String
    /// How the same packet fared with it, in another network that was rebuilt for it alone: `answered`, or what stops it next.
    public var with: String
    /// Traffic that gets through with it, besides the packet: `172.18.0.0/16 to 172.19.0.2: tcp 5432`.
    public var opens: [String]
    /// Traffic that got through without it and does no more.
    public var closes: [String]
    /// How many kinds of packet were sent with it and without it; 0 where side effects were not looked for.
    public var tried: Int
    /// What the rebuilt networks take for granted, one sentence each.
    public var assumptions: [String]

    public init(
        without: String, with: String, opens: [String] = [], closes: [String] = [], tried: Int = 0,
        assumptions: [String] = []
    ) {
        self.without = without
        self.with = with
        self.opens = opens
        self.closes = closes
        self.tried = tried
        self.assumptions = assumptions
    }
}
