internal import Wire

/// An address, or all those of a prefix.
struct AddressPattern: Sendable, Equatable {
    var prefix: IPPrefix

    init?(_ text: String) {
        guard let prefix = IPPrefix(text) else { return nil }
        self.prefix = prefix
    }

    func holds(_ address: IPAddress) -> Bool { prefix.contains(address) }
}
