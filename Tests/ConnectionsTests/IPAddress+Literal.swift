public import Wire

/// Addresses of test networks stand in the tests as text.
extension IPAddress: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        guard let address = IPAddress(value) else { preconditionFailure("no address: \(value)") }
        self = address
    }
}
