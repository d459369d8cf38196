/// A field of the ARP header (RFC 826), as nft(8) names it.
package enum ARPHeaderField: String, Hashable, Sendable {
    case operation
    case hardwareType = "htype"
    case protocolType = "ptype"
    case hardwareLength = "hlen"
    case protocolLength = "plen"

    /// What it is in every ARP packet of IPv4 over Ethernet; nil for the operation.
    var ofEthernet: UInt64? {
        switch self {
        case .operation: nil
        case .hardwareType: 1
        case .protocolType: 0x0800
        case .hardwareLength: 6
        case .protocolLength: 4
        }
    }

    func number(_ text: String) -> UInt64? {
        switch self {
        case .operation: ["request": 1, "reply": 2][text]
        case .protocolType: text == "ip" ? 0x0800 : nil
        default: nil
        }
    }
}
