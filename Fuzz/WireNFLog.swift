// fuzz-rooms: Wire
// fuzz-max-length: 400
import Wire

/// NFLOG messages: ranges stay within the bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNFLog(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    if let message = NFLOGMessage(bytes.bytes) {
        check(message.payload.upperBound <= count && message.prefix.upperBound <= count, "range too far")
        check(message.payload.count <= message.payloadLength, "more payload than there is")
    }
    for linkType in [LinkType.linuxSLL, .linuxSLL2] {
        if let header = CookedHeader(bytes.bytes, linkType: linkType) {
            check(header.headerLength <= count, "header too long")
        }
    }
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
