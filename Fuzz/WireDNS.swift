// fuzz-rooms: Wire
// fuzz-max-length: 512
import Wire

/// DNS messages: reading ends, names are printable and bounded.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard let message = DNSMessage(bytes.bytes) else { return 0 }
    for text in [message.name ?? ""] + message.answers {
        check(text.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "not printable")
        check(text.utf8.count <= 4 * 255 + 16, "name too long")
    }
    check(message.answers.count <= DNSMessage.answerLimit, "too many answers")
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
