// fuzz-rooms: Wire Network Ruleset
// fuzz-max-length: 1024
@testable import Network
@testable import Ruleset
import Wire

/// The text of an iptables rule, or after a NUL byte the JSON of an nftables rule's expressions, evaluated and printed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRules(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let input = UnsafeBufferPointer(start: start, count: count)
    let isNft = input.first == 0
    let text = String(decoding: input.dropFirst(isNft ? 1 : 0), as: UTF8.self)
    let rule = Rule(position: 1, text: text, expressions: isNft ? text : nil)
    let chain = RuleChain(
        backend: isNft ? "nft" : "iptables-nft", family: "ip", table: "nat", name: "FORWARD", hook: .forward,
        policy: "drop", rules: [rule])
    let namespace = Namespace(name: "n", inode: 1, path: "/n")
    var site = RuleSite(namespace: namespace, inDevice: "a", outDevice: "b")
    site.namespace.netfilter = Netfilter(
        chains: [chain], sets: [NamedSet(family: "ip", table: "nat", name: "s", elements: text)])
    let packet = PacketState(
        source: IPAddress(ipv4: 0x0a00_0001), destination: IPAddress(ipv4: 0x0a00_0002), ipProtocol: .tcp,
        sourcePort: 1, destinationPort: 80, tcpFlags: 2, ttl: 64, length: 60, connection: .new)
    let result = HookTraversal(site: site, hook: .forward, families: ["ip"]).run(packet)
    check(result.ending != nil || !result.accepted.isEmpty, "a packet without a verdict")
    let compiled = CompiledRule(rule, in: chain)
    check(compiled == CompiledRule(rule, in: chain), "a rule unlike itself")
    _ = compiled.description
    _ = NATRule(compiled)
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
