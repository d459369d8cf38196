internal import LinuxSystem
internal import Network
internal import Wire

/// What rules rest on beside themselves. Files are read only where a rule asks for them.
extension Netfilter {
    /// Reads it in the namespace that the calling thread is in.
    mutating func readPrograms() {
        queues = asksQueue ? Self.boundQueues() : nil
        recent = asksRecent ? Self.recentEntries() : nil
    }

    private var asksQueue: Bool {
        chains.contains { chain in
            chain.rules.contains { rule in
                chain.backend == .nft
                    ? rule.expressions?.holds("\"queue\"") ?? false : rule.text.holds("QUEUE")
            }
        }
    }

    private var asksRecent: Bool {
        chains.contains { chain in chain.rules.contains { $0.text.holds("-m recent") } }
    }

    /// nfnetlink_queue's list: a queue a line, its number first (`seq_show` of nfnetlink_queue.c). Without that module
    /// no program can have bound one.
    private static func boundQueues() -> [UInt16]? {
        let folder = "/proc/thread-self/net/netfilter"
        guard let text = readText("\(folder)/nfnetlink_queue") else {
            return directoryNames(folder).isEmpty ? nil : []
        }
        return queueNumbers(text)
    }

    static func queueNumbers(_ text: String) -> [UInt16] {
        text.split(separator: "\n").compactMap { $0.split(separator: " ").first.flatMap { UInt16($0) } }
    }

    private static func recentEntries() -> [RecentEntry]? {
        let folder = "/proc/thread-self/net/xt_recent"
        guard let clock = JiffyClock() else { return nil }
        return directoryNames(folder).sorted().flatMap { list in
            readText("\(folder)/\(list)").map { entries($0, of: list, clock) } ?? []
        }
    }

    /// `src=172.19.0.2 ttl: 64 last_seen: 4294996744 oldest_pkt: 1 4294996744, 4294996500` (recent_seq_show of
    /// xt_recent.c), the times in jiffies.
    static func entries(_ text: String, of list: String, _ clock: JiffyClock) -> [RecentEntry] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split { $0 == " " || $0 == "," }
            guard let first = words.first, first.hasPrefix("src="), let address = IPAddress(String(first.dropFirst(4))),
                let position = words.firstIndex(of: "oldest_pkt:")
            else { return nil }
            let stamps = words[position...].dropFirst(2).compactMap { UInt64($0) }
            return RecentEntry(list: list, address: address, secondsAgo: stamps.map { clock.secondsSince($0) })
        }
    }
}
