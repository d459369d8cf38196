internal import CNetlink
internal import Netlink
internal import Network

/// In which order the kernel calls what is registered at each hook of netfilter (linux/netfilter/nfnetlink_hook.h), for
/// kernels that tell (`CONFIG_NETFILTER_NETLINK_HOOK`, Linux 5.14).
enum HookOrder {
    private static let subsystem: Int32 = 12
    private static let hooks = ["prerouting", "input", "forward", "output", "postrouting"]

    /// Of the calling thread's namespace. Throws `SystemError` where the kernel does not tell.
    static func read() throws -> [JSONTree] {
        var elements: [JSONTree] = []
        for (family, code) in [("ip", NFPROTO_IPV4), ("ip6", NFPROTO_IPV6), ("bridge", NFPROTO_BRIDGE)] {
            for (number, hook) in hooks.enumerated() {
                var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
                var request = NetlinkRequest(subsystem: subsystem, message: 0, family: UInt8(code))
                request.append(1, network: UInt32(number))
                elements += try conversation.dump(request, "read the hooks") { element($0, family: family, hook: hook) }
            }
        }
        return elements
    }

    /// From an NFNL_MSG_HOOK_GET: a base chain by its names, anything else by the function that is called.
    static func element(_ message: NetlinkMessage, family: String, hook: String) -> JSONTree? {
        guard Int32(message.type) == subsystem << 8 else { return nil }
        let attributes = message.attributes(after: 4)
        var chain: String?
        // NFNLA_HOOK_CHAIN_INFO, NFNLA_HOOK_INFO_DESC: table, family, name.
        if let place = attributes.nested(6)?.nested(1), let table = place[1]?.text, let name = place[3]?.text {
            let families = [1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"]
            chain = "\(place[2]?.byte().flatMap { families[Int($0)] } ?? family) \(table) \(name)"
            // Of a watch that is under way.
            if table.hasPrefix("packetwalk") { return nil }
        }
        let priority = attributes[2]?.networkUInt32().map { Int32(bitPattern: $0) }
        return JSONTree(members: [
            "family": .string(family), "hook": .string(hook), "priority": priority.map { .number($0) },
            "chain": chain.map { .string($0) },
            "function": chain == nil ? attributes[4].map { .string($0.text) } : nil,
            "module": chain == nil ? attributes[5].map { .string($0.text) } : nil,
        ])
    }
}
