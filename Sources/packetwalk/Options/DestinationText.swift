internal import Runs
internal import Wire

/// A destination as people have it at hand: an address, a name, either with a port, or a URL.
struct DestinationText {
    /// An address or a name.
    var host: String
    /// Nil where none was given.
    var port: UInt16?
    /// The device of an address that is one of many.
    var zone: String?
    /// Of the URL's scheme; nil for a bare host, which says nothing of it.
    var isUDP: Bool?

    private static let schemePorts: [String: UInt16] = [
        "http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "ssh": 22, "ldap": 389, "ldaps": 636, "redis": 6379,
        "mysql": 3306, "postgres": 5432, "postgresql": 5432, "amqp": 5672, "mqtt": 1883, "dns": 53,
    ]

    /// Reads `198.51.100.1`, `2001:db8::1`, `[2001:db8::1]:80`, `db:5432`, `https://example.com/path`. Throws `RunError`.
    init(_ text: String) throws {
        func fail(_ why: String) -> RunError {
            RunError(.usage, "cannot read the destination \(text.isEmpty ? "\"\"" : text): \(why)")
        }
        guard !text.isEmpty else { throw fail("it is empty") }
        // An address of IPv6 has colons of its own.
        if IPAddress(text) != nil {
            host = text
            return
        }
        // The zone of a link-local address (RFC 4007): fe80::1%eth0.
        if let mark = text.firstIndex(of: "%"), let address = IPAddress(String(text[..<mark])), !address.isIPv4 {
            zone = String(text[text.index(after: mark)...])
            guard zone?.isEmpty == false else { throw fail("no device follows %") }
            host = String(text[..<mark])
            return
        }
        var rest = text[...]
        var schemePort: UInt16?
        if let mark = text.firstRange(of: "://") {
            let scheme = text[..<mark.lowerBound].lowercased()
            schemePort = Self.schemePorts[scheme]
            isUDP = scheme == "udp" || scheme == "dns"
            rest = text[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let user = rest.lastIndex(of: "@") { rest = rest[rest.index(after: user)...] }
        }
        var portText: Substring?
        if rest.first == "[" {
            guard let close = rest.firstIndex(of: "]") else { throw fail("its bracket is not closed") }
            let behind = rest[rest.index(after: close)...]
            guard behind.isEmpty || behind.first == ":" else { throw fail("what follows the bracket is no port") }
            portText = behind.isEmpty ? nil : behind.dropFirst()
            rest = rest[..<close].dropFirst()
        } else if let colon = rest.lastIndex(of: ":"), IPAddress(String(rest)) == nil {
            portText = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
        }
        if let portText {
            if portText.isEmpty { throw fail("its port is missing") }
            guard let number = UInt16(portText), number > 0 else {
                throw fail("\(portText) is no port from 1 to 65535")
            }
            port = number
        } else {
            port = schemePort
            if isUDP != nil, port == nil { throw fail("its scheme has no port that is known: write host:port") }
        }
        guard !rest.isEmpty else { throw fail("it names no host") }
        // A name of DNS, of a container (Compose: shop_api_1) or of a namespace; of other scripts too.
        let isName = rest.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x80 || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_.".unicodeScalars.contains(scalar)
        }
        guard isName || IPAddress(String(rest)) != nil else {
            throw fail("give an IPv4 or IPv6 address, a name, host:port or a URL")
        }
        // No name of DNS ends in a number.
        if IPAddress(String(rest)) == nil, rest.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }),
            rest.contains(".")
        {
            throw fail("an IPv4 address has four numbers from 0 to 255")
        }
        host = String(rest)
    }
}

extension DestinationText {
    /// The words of a command line in which `--tcp` and `--udp` without a port of their own have the destination's:
    /// `explain --from web db:5432 --tcp`.
    static func withPorts(_ words: [String]) -> [String] {
        guard let command = words.first, ["explain", "predict"].contains(command) else { return words }
        var result: [String] = []
        for (index, word) in words.enumerated() {
            result.append(word)
            guard word == "--tcp" || word == "--udp" else { continue }
            let next = words.indices.contains(index + 1) ? words[index + 1] : nil
            let isDestination = next.map { $0.contains(where: { ":/".contains($0) }) } ?? true
            guard next?.hasPrefix("-") ?? true || isDestination, let port = port(among: words) else { continue }
            result.append("\(port)")
        }
        return result
    }

    /// The port that the destination names, which is no option's value.
    private static func port(among words: [String]) -> UInt16? {
        for (index, word) in words.enumerated().dropFirst().reversed() where !word.hasPrefix("-") {
            let isValue = words[index - 1].hasPrefix("--") && !bare.contains(words[index - 1])
            if !isValue, let port = try? DestinationText(word).port { return port }
        }
        return nil
    }

    /// Options before the destination that take no value, or the destination's port.
    private static let bare: Set = [
        "--tcp", "--udp", "--icmp", "--dont-fragment", "--compare", "--packets", "--why", "--quiet", "--verbose",
        "--ascii", "--no-pager", "--permit-all", "--whole",
    ]
}
