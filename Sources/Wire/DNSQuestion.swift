extension DNSMessage {
    /// A question with recursion desired (RFC 1035 section 4.1); nil for a name with an empty label, one above 63 octets, or
    /// above 255 in all.
    ///
    /// - Parameters:
    ///   - name: without the final dot; its octets go out as they are.
    ///   - type: 1 A, 28 AAAA.
    public static func question(_ name: String, type: UInt16, identifier: UInt16) -> [UInt8]? {
        var bytes: [UInt8] = [UInt8(identifier >> 8), UInt8(identifier & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        var octets = 1
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            let count = label.utf8.count
            octets += count + 1
            guard (1...63).contains(count), octets <= 255 else { return nil }
            bytes.append(UInt8(count))
            bytes += label.utf8
        }
        return bytes + [0, UInt8(type >> 8), UInt8(type & 0xff), 0, 1]
    }
}
