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
                let isKnown = try RulesetState(&conversation).flatMap { RulesetMemory.recall(cookie, $0) } != nil
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
}
