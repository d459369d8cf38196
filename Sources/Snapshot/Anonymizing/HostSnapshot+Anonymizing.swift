internal import Network

extension HostSnapshot {
    /// The snapshot with addresses, MAC addresses and names of hosts and namespaces replaced, and without comments and
    /// names of processes.
    ///
    /// Addresses are replaced as in recordings (`Anonymizer`): prefixes stay prefixes, everywhere alike, also inside of
    /// rules and sets. Ranges and the broadcast addresses of networks stay what they are, so that the network that is
    /// rebuilt from it behaves as this one. Names of devices, tables, chains and sets stay, since rules go by them.
    public func anonymized() -> HostSnapshot {
        var random = SystemRandomNumberGenerator()
        return anonymized(key: (random.next(), random.next()))
    }

    /// - Parameter key: the same gives the same replacements.
    func anonymized(key: (UInt64, UInt64)) -> HostSnapshot {
        var anonymizer = SnapshotAnonymizer(self, key: key)
        return anonymizer.anonymized(self)
    }
}
