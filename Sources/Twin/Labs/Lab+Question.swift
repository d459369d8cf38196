extension Lab {
    /// What somebody meets who has this network before him, without the reason: what is said of it in lab.json, else who sends
    /// what, and whether it fails.
    public var question: String { ownQuestion ?? packet + (expected.code == nil ? "" : ", in vain") }

    /// The same where a heading says whether it fails.
    public var shortQuestion: String { ownQuestion ?? packet }

    /// What is said before its packet is sent: of a network that fails no more than is asked, since a title may be the answer.
    public var heading: String { ownQuestion ?? (expected.code == nil ? title : question) }

    /// `mynamespace pings 198.51.100.1`, from what `explain` takes for its packet.
    private var packet: String {
        guard let words = probe.explain, let destination = words.first(where: { !$0.hasPrefix("-") }) else {
            return "\(probe.from) goes on with a connection"
        }
        var options: [String: String] = [:]
        for (index, word) in words.enumerated() where word.hasPrefix("--") && index + 1 < words.count {
            options[String(word.dropFirst(2))] = words[index + 1]
        }
        var text = "\(probe.from) "
        let host = destination.contains(":") ? "[\(destination)]" : destination
        if let port = options["tcp"] {
            text += "connects to \(host):\(port)"
        } else if let port = options["udp"] {
            text += "sends UDP to \(host):\(port)"
        } else {
            text += "pings \(destination)"
        }
        if let size = options["size"] { text += " with \(size) bytes" }
        if let source = options["source"] { text += " as \(source)" }
        if let ttl = options["ttl"] { text += " with TTL \(ttl)" }
        return text
    }
}
