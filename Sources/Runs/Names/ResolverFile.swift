internal import Wire

/// What resolv.conf(5) says: whom to ask, and which names to ask for.
struct ResolverFile: Sendable, Hashable {
    /// At most three, as the C library takes them (MAXNS).
    var servers: [IPAddress] = []
    var search: [String] = []
    /// A name with fewer dots is first asked for with each search domain behind it.
    var dots = 1

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split { $0 == " " || $0 == "\t" }
            guard let keyword = words.first, words.count > 1 else { continue }
            switch keyword {
            case "nameserver":
                // A zone (`fe80::1%eth0`) is the link's, which the address has not.
                if servers.count < 3, let address = IPAddress(String(words[1])) { servers.append(address) }
            case "search", "domain": search = words.dropFirst().map { String($0) }
            case "options":
                for word in words.dropFirst() where word.hasPrefix("ndots:") {
                    if let number = Int(word.dropFirst(6)), (0...15).contains(number) { dots = number }
                }
            default: break
            }
        }
    }

    /// The names that are asked for, one after the other.
    func candidates(_ name: String) -> [String] {
        if name.hasSuffix(".") { return [String(name.dropLast())] }
        let searched = search.filter { $0 != "." }.map { "\(name).\($0.hasSuffix(".") ? String($0.dropLast()) : $0)" }
        return name.count(where: { $0 == "." }) >= dots ? [name] + searched : searched + [name]
    }

    /// Addresses that hosts(5) gives for a name, in the order of its lines.
    static func addresses(of name: String, inHosts text: String) -> [IPAddress] {
        let wanted = name.lowercased()
        return text.split(separator: "\n").compactMap { line in
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard words.dropFirst().contains(where: { $0.lowercased() == wanted }) else { return nil }
            return words.first.flatMap { IPAddress(String($0)) }
        }
    }
}
