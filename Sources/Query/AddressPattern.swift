internal import Wire

/// An address, or all those of a prefix.
struct AddressPattern: Sendable, Equatable {
    var prefix: IPPrefix

    init?(_ text: String) {
        guard let prefix = IPPrefix(text) else { return nil }
        self.prefix = prefix
    }

    func holds(_ address: String) -> Bool {
        IPAddress(address).map(prefix.contains) ?? false
    }
}
