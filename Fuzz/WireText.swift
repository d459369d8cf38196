// fuzz-rooms: Wire
// fuzz-max-length: 64
import Wire

/// Text of addresses and prefixes: what is accepted survives its own canonical form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    if let address = IPAddress(text) {
        check(IPAddress(address.description) == address, "address changed by its text")
        check(IPAddress(bytes: address.bytes) == address, "address changed by its bytes")
    }
    if let prefix = IPPrefix(text) {
        check(IPPrefix(prefix.description) == prefix, "prefix changed by its text")
        check(prefix.contains(prefix.address) && prefix.contains(prefix.network.address), "prefix without itself")
    }
    if let address = MACAddress(text) {
        check(MACAddress(address.description) == address, "MAC address changed by its text")
    }
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
