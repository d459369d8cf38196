import Glibc
import LinuxSystem
import Netlink
import Testing

@testable import Discovery
@testable import Network

/// A reading of nf_tables that still holds is not made again, and one that does not is.
@Suite("A ruleset that was read before", .enabled(if: geteuid() == 0)) struct RulesetMemoryTests {
    /// A network namespace that lasts as long as this.
    private final class Space {
        let holder: ChildProcess
        let file: NetworkNamespaceFile

        init() throws {
            holder = try Command(["unshare", "-n", "sleep", "60"]).start()
            var found: NetworkNamespaceFile?
            let own = try NetworkNamespaceFile.current().inode
            for _ in 0..<200 {
                usleep(20_000)
                found = try? NetworkNamespaceFile(path: "/proc/\(holder.identifier)/ns/net")
                if let found, found.inode != own { break }
            }
            file = try #require(found)
            try #require(file.inode != own)
        }

        deinit { kill(holder.identifier, SIGKILL) }

        func run(_ words: String...) throws {
            let output = try Command(words, namespace: file).run()
            try #require(output.status == 0, "\(words): \(output.errorText)")
        }

        func nft(_ text: String) throws { try run("nft", text) }

        /// The rules, and whether what is remembered holds for them now.
        func read() throws -> (netfilter: Netfilter, isKnown: Bool) {
            let file = file
            return try file.perform {
                let socket = try NetlinkSocket(.netfilter)
                var conversation = NetlinkConversation(socket)
                let cookie = try #require(socket.namespaceCookie)
                let isKnown =
                    try RulesetMemory.notified(cookie).flatMap {
                        try RulesetState(&conversation, leavingOut: $0).flatMap { RulesetMemory.recall(cookie, $0) }
                    } != nil
                var reading = NetfilterReading(namespace: file)
                reading.read()
                try #require(reading.warnings.isEmpty, "\(reading.warnings)")
                return (reading.netfilter, isKnown)
            }
        }
    }

    private static func rules(dropping address: String) -> String {
        let many = (1...300).map { "add rule ip t c ip daddr 192.0.2.1 tcp dport \($0) counter accept" }
        return
            ([
                "table ip t { set s { type ipv4_addr; elements = { 198.51.100.1 }; }; chain c { type filter hook output priority 0; }; }"
            ]
            + many + ["add rule ip t c ip daddr \(address) counter drop", "add rule ip t c oif lo counter"])
            .joined(separator: "\n")
    }

    @Test("is listed again only where something but its counters changed")
    func memory() throws {
        let space = try Space()
        try space.run("ip", "link", "set", "lo", "up")
        try space.nft(Self.rules(dropping: "203.0.113.1"))
        let (first, wasKnown) = try space.read()
        #expect(!wasKnown)
        #expect(first.chains.first?.rules.count == 302)

        let (again, isKnown) = try space.read()
        #expect(isKnown)
        #expect(again == first)

        // Packets, and a table of our own: the reading holds, the counts are new.
        try space.run("ping", "-c", "3", "-i", "0.01", "-q", "127.0.0.1")
        try space.nft("table inet packetwalk-1.2.3 { chain x { type filter hook forward priority 0; }; }")
        let (counted, isStillKnown) = try space.read()
        #expect(isStillKnown)
        let before = try #require(first.chains.first?.rules.last?.packets)
        // Three requests and three answers.
        #expect(counted.chains.first?.rules.last?.packets == before + 6)
        #expect(counted.chains.first?.rules.last?.text == "oif \"lo\" counter")

        try space.nft("add element ip t s { 198.51.100.2 }")
        let (extended, knewElements) = try space.read()
        #expect(!knewElements)
        #expect(extended.sets.first?.elements.contains("198.51.100.2") == true)

        // The same names and handles, another rule.
        try space.nft("delete table ip t")
        try space.nft(Self.rules(dropping: "203.0.113.2"))
        let (reloaded, knewRules) = try space.read()
        #expect(!knewRules)
        let texts = reloaded.chains.first?.rules.map(\.text) ?? []
        #expect(texts.contains("ip daddr 203.0.113.2 counter drop") && !texts.contains { $0.contains("203.0.113.1 ") })
        #expect(reloaded.chains.first?.rules.map(\.handle) == first.chains.first?.rules.map(\.handle))

        try space.nft("chain ip t c { policy drop; }")
        #expect(try space.read().netfilter.chains.first?.policy == "drop")
    }

    /// 40,000 elements as JSON are half a megabyte, and the kernel takes a while to dump them.
    @Test("has a large set dumped again only where a command changed it")
    func largeSet() throws {
        let space = try Space()
        let elements = (0..<40_000).map { "198.18.\($0 >> 8).\($0 & 0xff)" }.joined(separator: ", ")
        let file = "/tmp/packetwalk-large-set-\(getpid()).nft"
        defer { unlink(file) }
        try write(
            "table ip t { set s { type ipv4_addr; elements = { \(elements) }; }; set d { type ipv4_addr; }; }", to: file
        )
        try space.run("nft", "-f", file)
        let (first, wasKnown) = try space.read()
        #expect(!wasKnown)
        #expect(first.sets.first { $0.name == "s" }?.elements.utf8.count ?? 0 > 500_000)
        // The text is without them, the elements stand once.
        #expect(first.nftables?.contains("set s") == true && first.nftables?.contains("198.18") == false)

        // Elements of another set, and of our own.
        try space.nft("table inet packetwalk-1.2.3 { set own { type ipv4_addr; elements = { 192.0.2.1 }; }; }")
        let (again, isKnown) = try space.read()
        #expect(isKnown && again == first)
        try space.nft("add element ip t d { 192.0.2.1 }")
        #expect(try space.read().isKnown == false)

        try space.nft("delete element ip t s { 198.18.1.1 }")
        let (without, isStillKnown) = try space.read()
        #expect(!isStillKnown)
        #expect(without.sets.first { $0.name == "s" }?.elements.contains("\"198.18.1.1\"") == false)
        #expect(try space.read().isKnown)
    }

    private func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        try #require(Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count)
    }
}
