// fuzz-rooms: CLinux Wire LinuxSystem Netlink Network Ruleset Discovery
// fuzz-max-length: 512
@testable import Discovery
import Netlink
import Wire

@testable import Network

/// What discovery reads: datagrams of rtnetlink, sock_diag and nf_tables. Every reader gets every message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDiscovery(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let datagram = Array(UnsafeBufferPointer(start: start, count: count))
    let messages: [NetlinkMessage]
    do {
        messages = try NetlinkMessage.split(datagram)
    } catch let error as MalformedNetlink {
        if error.offset < 0 || error.offset > count { fatalError("an error outside of the datagram") }
        return 0
    } catch {
        fatalError("another error")
    }
    for message in messages {
        _ = LinkRecord(message)
        _ = AddressRecord(message)
        _ = PortVLANs(message)
        _ = Route(message, names: [1: "lo", 2: "eth0"])
        _ = RoutingRule(message)
        let neighbor = NeighborRecord(message)
        _ = neighbor?.neighbor(names: [1: "lo", 2: "eth0"])
        _ = neighbor?.proxy(names: [1: "lo", 2: "eth0"])
        _ = NextHopObject(message, names: [1: "lo", 2: "eth0"])
        _ = MulticastRecord(message, names: [1: "lo", 2: "eth0"])
        _ = NeighborTableRecord(message)
        _ = IPSetRecord(message, after: IPSet(name: "s", type: "hash:net,port,net"))
        _ = TrafficControlRecord(message)
        _ = Listener(message, protocol: "tcp")
        for scope in NetworkSettingsScope.allCases {
            for isIPv4 in [true, false] {
                _ = NetlinkConversation.settings(message, scope: scope, isIPv4: isIPv4)
            }
        }
        _ = NFTablesTable(message)
        _ = NFTablesChain(message)
        _ = NFTablesRuleHandle(message)
    }
    return 0
}
