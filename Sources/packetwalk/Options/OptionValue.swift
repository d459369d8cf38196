/// What an option takes, for those who gave it something else: the parser says only that it was wrong.
enum OptionValue {
    private static let kinds: [(names: [String], takes: String)] = [
        (["tcp", "udp", "source-port"], "a port from 1 to 65535"), (["ttl"], "a number from 1 to 255"),
        (["mark"], "a number, as in 16 or 0x10"), (["uid", "gid"], "a number, as id(1) prints it"),
        (["size"], "a number of bytes from 0 to 65507"), (["snaplen"], "a number of bytes from 64 to 262144"),
        (["count"], "a number of packets from 1"), (["duration", "wait"], "a number of seconds, as in 0.5"),
        (["sample"], "1/N, as in 1/1000"), (["rules"], "a number of packets a second, all or none"),
        (["max-rate"], "a number of sightings a second, or none"), (["max-memory"], "a number of MiB from 64 to 65536"),
    ]

    /// `: give a port from 1 to 65535`; nil for other errors.
    ///
    /// - Parameters:
    ///   - message: the parser's: that a value is invalid, or missing where it looks like an option, as -3 does.
    ///   - words: of the command line.
    static func hint(_ message: String, _ words: [String]) -> String? {
        let isMissing = message.hasPrefix("Missing value for '--")
        guard isMissing || message.hasPrefix("The value '") && message.contains(" is invalid for '--") else {
            return nil
        }
        for (names, takes) in kinds {
            guard let name = names.first(where: { message.contains(" for '--\($0) <") }) else { continue }
            let value = words.firstIndex(of: "--\(name)").flatMap {
                words.indices.contains($0 + 1) ? words[$0 + 1] : nil
            }
            if isMissing, let value, value.hasPrefix("-"), Double(value) != nil {
                return ", not \(value): give \(takes)"
            }
            return ": give \(takes)"
        }
        return nil
    }
}
