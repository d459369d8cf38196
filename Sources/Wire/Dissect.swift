/// Reads the headers of one packet.
///
/// ```swift
/// let headers = dissect(bytes, linkType: .ethernet, originalLength: 98)
/// if headers.isEchoRequest { print(headers.source, headers.destination, headers.icmpSequence) }
/// ```
///
/// - Parameters:
///   - bytes: the packet as captured, from its link-layer header on; may be cut short anywhere.
///   - linkType: what stands at the first byte. For one not listed in `LinkType` only `length` is filled in.
///   - originalLength: the packet's length on the wire in bytes, at least `bytes.byteCount`.
/// - Returns: what could be read, with `truncated` or `malformed` set where it ends early.
///
/// No allocation, no failure: any byte string gives a value. Checksums are not looked at, since offload leaves
/// partial sums on virtual links.
public func dissect(_ bytes: RawSpan, linkType: LinkType, originalLength: Int) -> PacketHeaders {
    var headers = PacketHeaders()
    headers.read(bytes, linkType: linkType, originalLength: originalLength)
    return headers
}

extension PacketHeaders {
    /// As `dissect`, in place of what was there.
    public mutating func read(_ bytes: RawSpan, linkType: LinkType, originalLength: Int) {
        self = PacketHeaders()
        // A frame on the wire is no longer than a 32-bit capture header can say.
        let wireEnd = min(max(originalLength, bytes.byteCount), Int(UInt32.max))
        length = UInt32(truncatingIfNeeded: wireEnd)
        readLink(bytes, linkType: linkType, wireEnd: wireEnd)
    }
}
