// fuzz-rooms: CLinux Wire LinuxSystem Netlink Network Observations
// fuzz-files: Sources/Probes/Routes/RouteMessage.swift
// fuzz-files: Sources/Probes/Flows/FlowEvent+Conntrack.swift Sources/Probes/Hooks/NFLOGDatagram.swift
// fuzz-files: Sources/Probes/Drops/DropRecord.swift
// fuzz-max-length: 512
import Netlink
import Observations
import Wire

/// What the live sources read: datagrams of rtnetlink, ctnetlink and nfnetlink_log, records of the drop probe.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProbes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let datagram = Array(UnsafeBufferPointer(start: start, count: count))
    var bytesUsed = 0
    for message in NetlinkMessages(datagram[...]) {
        bytesUsed += NetlinkMessage.headerLength + message.payload.count
        if let number = message.errorNumber { check(number >= 0, "a negative errno") }
        if let text = message.explanation { check(text.utf8.count <= 4 * count, "a text too long") }
        if let route = RouteMessage(message) { check(route.nextHops.count <= count, "more hops than bytes") }
        if let link = LinkMessage(message) { check(link.name.utf8.count <= 3 * count, "a name too long") }
        for isDump in [true, false] {
            _ = FlowEvent(message, namespace: "n", timeNanoseconds: 0, isDump: isDump)
        }
    }
    check(bytesUsed <= count, "messages longer than their datagram")
    NFLOGDatagram.forEachPacket(in: datagram[...]) { message, bytes in
        check(
            message.payload.upperBound <= bytes.count && message.prefix.upperBound <= bytes.count, "a range too far")
    }
    datagram.withUnsafeBytes { _ = DropRecord($0.bytes) }
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
