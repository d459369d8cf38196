internal import Network

/// Policies of IPsec. Their states, which hold keys, are never asked for.
enum XFRMPolicies {
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
