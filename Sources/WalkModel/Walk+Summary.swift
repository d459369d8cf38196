internal import Wire

extension Walk {
    /// One line on what the packet is: `ICMP echo request id 5001 seq 1`, `TCP SYN 40112 → 443`.
    public var summary: String {
        let ports = "\(sourcePort ?? 0) → \(destinationPort ?? 0)"
        return switch kind {
        case .icmp(let message): message.description
        case .tcp(let flags, let length): "TCP \(flags) \(ports)" + (length > 0 ? ", \(length) bytes" : "")
        case .udp(let length): "UDP \(ports), \(length) bytes"
        case .sctp(let length): "SCTP \(ports), \(length) bytes"
        case .arp(2, let sender): "ARP \(source) is at \(sender)"
        case .arp: "ARP who-has \(destination)"
        case .fragment(let number, let offset): "\(number) fragment at \(offset)"
        case .other(let number, let length): "\(number), \(length) bytes"
        case .unseen(let number): number.description.uppercased() + (sourcePort == nil ? "" : " \(ports)")
        }
    }
}
