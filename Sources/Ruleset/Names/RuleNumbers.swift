/// Decimal or 0x….
func parseNumber(_ text: String) -> UInt32? {
    let lower = text.lowercased()
    return lower.hasPrefix("0x") ? UInt32(lower.dropFirst(2), radix: 16) : UInt32(lower)
}

/// The service names that nft prints most (services(5)).
func servicePort(_ name: String) -> UInt16? {
    let names: [String: UInt16] = [
        "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "http": 80,
        "ntp": 123, "snmp": 161, "https": 443, "imaps": 993, "http-alt": 8080,
    ]
    return names[name]
}
