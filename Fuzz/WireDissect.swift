// fuzz-rooms: Wire
// fuzz-max-length: 600
import Wire

private let linkTypes: [LinkType] = [
    .ethernet, .linuxSLL, .linuxSLL2, .raw, .null, .nflog, .ipv6, .loop, .ppp, .pppHDLC, .pppEther, .ciscoHDLC, .wlan,
    .frameRelay, .wlanPrism, .wlanRadiotap, .wlanAVS, .pppd, .pppWithDirection, .mpls, .dsaBroadcom,
    .dsaBroadcomPrepended, .dsaMarvell, .dsaMarvellEtherType,
]

/// The input: a link type, how much of the packet was captured, by how much it was longer on the wire, the packet.
///
/// Beyond not crashing: a label from a shorter capture either is the whole one's, or is 0, or says that it is short.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDissect(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 3 else { return 0 }
    let linkType = linkTypes[Int(start[0]) % linkTypes.count]
    let packet = UnsafeRawBufferPointer(start: start + 3, count: count - 3)
    let wireLength = packet.count + Int(start[2]) * 300
    let whole = dissect(packet.bytes, linkType: linkType, originalLength: wireLength)
    check(Int(whole.payloadOffset) <= packet.count, "payload behind the capture")

    let part = UnsafeRawBufferPointer(rebasing: packet.prefix(Int(start[1])))
    let cut = dissect(part.bytes, linkType: linkType, originalLength: wireLength)
    // In NFLOG a later attribute may replace an earlier one.
    if linkType != .nflog, cut.label != 0, !cut.flags.contains(.labelCutShort) {
        check(cut.label == whole.label, "a short capture's label differs without saying so")
    }
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
