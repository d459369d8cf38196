/// Reads the headers of one packet.
///
/// - Parameters:
///   - bytes: the packet as captured, from its link-layer header on; may be cut short anywhere.
///   - linkType: what stands at the first byte.
///   - originalLength: the packet's length on the wire in bytes, at least `bytes.byteCount`.
/// - Returns: what could be read, with `truncated` or `malformed` set where it ends early.
///
/// No allocation, no failure: any byte string gives a value.
public func dissect(_ bytes: RawSpan, linkType: LinkType, originalLength: Int) -> PacketHeaders {
    PacketHeaders()
}
