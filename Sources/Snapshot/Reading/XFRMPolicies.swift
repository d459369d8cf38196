internal import Netlink
internal import Network

/// Policies of IPsec. Their states, which hold keys, are never asked for.
enum XFRMPolicies {
    /// Whether the calling thread's namespace has some. Throws `SystemError` where it may not be asked.
    static func exist() throws -> Bool {
        guard let socket = try? NetlinkSocket(.xfrm) else { return false }
        var conversation = NetlinkConversation(socket)
        // XFRM_MSG_GETPOLICY (linux/xfrm.h): NLMSG_MIN_TYPE + 5; struct xfrm_userpolicy_id has 64 bytes.
        let request = NetlinkRequest(type: 0x15, fixed: [UInt8](repeating: 0, count: 64))
        return try !conversation.dump(request, "read the xfrm policies", limit: 1) { _ in true }.isEmpty
    }

    /// The policies in the output of `ip -d xfrm policy`: each begins at the margin. Its text is one line.
    static func split(_ text: String) -> [JSONTree] {
        var policies: [[Substring]] = []
        for line in text.split(separator: "\n") {
            if line.first?.isWhitespace == false { policies.append([]) }
            if policies.isEmpty || line.contains("lifetime") || line.contains("(soft)") { continue }
            policies[policies.count - 1] += line.split(whereSeparator: \.isWhitespace)
        }
        return policies.map { JSONTree(members: ["text": .string($0.joined(separator: " "))]) }
    }
}
