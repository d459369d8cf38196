import LinuxSystem
import Network
import TestSupport
import Testing

@testable import Snapshot

@Suite struct DocumentTests {
    @Test func `a document reads as it was written`() throws {
        let snapshot = try Example.snapshot()
        let text = snapshot.document()
        let read = try HostSnapshot(document: Array(text.utf8))
        #expect(read.document() == text)
        #expect(read.json == snapshot.json)
        #expect(read.differences(from: snapshot).isEmpty)
        let host = try #require(read[namespace: "host"])
        #expect(host.nftables == snapshot[namespace: "host"]?.nftables)
        #expect(host.iptables == snapshot[namespace: "host"]?.iptables)
        #expect(host.conntrack == snapshot[namespace: "host"]?.conntrack)
        #expect(host.ipsets == snapshot[namespace: "host"]?.ipsets)
        #expect(host.sockets.first?.backlog == 128)
        #expect(host.connected == snapshot[namespace: "host"]?.connected)
        #expect(host.groups == snapshot[namespace: "host"]?.groups)
        #expect(host.recent == snapshot[namespace: "host"]?.recent)
        #expect(text.contains("\"local_port\":40000"))
        // What could not be read is told from what is empty.
        let web = try #require(read[namespace: "web"])
        #expect(web.conntrack == nil && web.ipsets == nil && web.hooks == nil)
        #expect(web.inode == UInt64(1) << 63)
    }

    @Test func `a list that could not be read is null, and no difference is told of what is in it`() throws {
        var snapshot = try Example.snapshot()
        let before = snapshot
        snapshot.namespaces[0].nftables = []
        snapshot.namespaces[0].unread = [.nftables]
        let text = snapshot.document()
        #expect(text.contains("\"nftables\": null,"))
        #expect(try HostSnapshot(document: Array(text.utf8))[namespace: "host"]?.unread == [.nftables])
        var partial = before
        partial.namespaces[0].unread = [.nftables, .routes]
        let again = try HostSnapshot(document: Array(partial.document().utf8))
        #expect(again[namespace: "host"]?.nftables.count == 1)
        #expect(again[namespace: "host"]?.unread == [.nftables, .routes])
        #expect(
            snapshot.differences(from: before).map(\.description) == ["host: could not read the part nftables"])
    }

    @Test func `rules stand line by line`() throws {
        let lines = try Example.snapshot().document().split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines.contains("\"\\t\\tip saddr @s log prefix \\\"drop bob \\\" drop\","))
        #expect(lines.contains("\"sysctls\": {\"net.ipv4.conf.e0.rp_filter\":\"0\",\"net.ipv4.ip_forward\":\"1\"},"))
        #expect(lines.contains { $0.hasPrefix("{\"dst\":\"203.0.113.80\"") })
    }

    @Test(arguments: [
        ("", "it is no snapshot: malformed JSON"), ("[]", "it is no snapshot: the JSON in it is no object"),
        ("{}", "it names no schema"), (#"{"schema":"packetwalk.map/1"}"#, #"its schema is "packetwalk.map/1""#),
        (#"{"schema":"packetwalk.snapshot/2"}"#, "reads packetwalk.snapshot/1"),
        (#"{"schema":"packetwalk.snapshot/1","host":5}"#, "the snapshot is damaged: host is no text"),
        (
            #"{"schema":"packetwalk.snapshot/1","host":"a","time":"t","kernel":"k","namespaces":[{"name":"n","inode":1,"links":[5]}]}"#,
            "namespaces[0].links[0] is no object"
        ),
        (
            #"{"schema":"packetwalk.snapshot/1","host":"a","time":"t","kernel":"k","namespaces":[{"name":"n","inode":-1}]}"#,
            "namespaces[0].inode is no number"
        ),
        (
            #"{"schema":"packetwalk.snapshot/1","host":"a","time":"t","kernel":"k","namespaces":[{"name":"n","inode":1},{"name":"n","inode":2}]}"#,
            #"two namespaces are called "n""#
        ),
    ])
    func `what is no snapshot is refused in one line`(document: String, reason: String) {
        let error = #expect(throws: UnreadableSnapshot.self) { try HostSnapshot(document: Array(document.utf8)) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `a later minor version is read, and keys that it adds are passed over`() throws {
        let text = try Example.snapshot().document()
            .replacing("packetwalk.snapshot/1", with: "packetwalk.snapshot/1.1")
            .replacing("\"inode\": 7,", with: "\"inode\": 7, \"weather\": {\"wet\": true},")
        #expect(try HostSnapshot(document: Array(text.utf8))[namespace: "host"]?.inode == 7)
    }

    @Test func `a document cut short or with turned bits is an error or a value`() throws {
        let whole = Array(try Example.snapshot().document().utf8)
        var generator = SeededGenerator(seed: 3)
        var refused = 0
        for end in stride(from: 0, to: whole.count - 2, by: 37) {
            if (try? HostSnapshot(document: Array(whole[..<end]))) == nil { refused += 1 }
        }
        // Nothing that lacks its end is one.
        #expect(refused == (whole.count - 3) / 37 + 1)
        for _ in 0..<1000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            guard let read = try? HostSnapshot(document: bytes) else { continue }
            // What was read can be written, compared and anonymized.
            let again = try HostSnapshot(document: Array(read.document().utf8))
            #expect(again.json == read.json)
            _ = read.differences(from: try Example.snapshot())
            _ = read.anonymized()
        }
    }

    private static let hasSchemaLibrary =
        (try? Command(["/usr/bin/python3", "-c", "import jsonschema"]).run())?.status == 0

    @Test(.enabled(if: hasSchemaLibrary))
    func `the JSON Schema knows every key and forbids all others`() throws {
        let path = "/tmp/packetwalk-snapshot-\(UInt64.random(in: 0 ... .max)).json"
        func status(_ text: String) throws -> Int32 {
            try writeWhole(Array(text.utf8), to: path)
            return try Command(["sh", "-c", "scripts/validate-json.py docs/schema/packetwalk.snapshot-1.json \(path)"])
                .run()
                .status
        }
        defer { _ = try? Command(["rm", "-f", path]).run() }
        let text = try Example.snapshot().document()
        #expect(try status(text) == 0)
        #expect(try status(try Example.snapshot().anonymized().document()) == 0)
        for (part, other) in [
            ("\"nftables\"", "\"tables\""), ("\"mark\":7", "\"mark\":\"7\""), ("\"host\": \"alice\",", ""),
        ] {
            try #require(text.contains(part))
            #expect(try status(text.replacing(part, with: other)) == 1, "\(part)")
        }
    }
}
