import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Views

/// What a person reads of a connection, written out by hand.
@Suite struct ConnectionTextTests {
    private static func connection(_ fixture: WalkFixture, kind: Connection.Kind) -> Connection {
        let request = fixture.request
        var connection = Connection(
            id: request.id, kind: kind, protocol: request.protocol,
            client: .init(address: request.source, port: request.sourcePort, namespace: "mynamespace"),
            server: .init(address: request.destination, port: request.destinationPort, namespace: "wan"),
            example: Exchange(request: request, reply: fixture.reply))
        // 14:30:05.25 UTC on 2026-11-23.
        connection.startNanoseconds = 1_795_444_205_250_000_000
        connection.durationNanoseconds = 2_500_000_000
        return connection
    }

    private func text(_ connection: Connection, _ change: (inout RenderOptions) -> Void = { _ in }) throws -> [String] {
        var options = RenderOptions()
        options.time = .utc
        change(&options)
        return try ConnectionRenderer(format: .text, options: options).render(connection)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func aSeriesOfPingsIsDrawnOnce() throws {
        var series = Self.connection(try WalkFixture.load("namespace-to-wan"), kind: .echo)
        series.exchanges = 10
        series.requests = 10
        series.replies = 10
        series.sent = .init(packets: 10, bytes: 840)
        series.received = .init(packets: 10, bytes: 840)
        series.roundTrip = .init(nanoseconds: 100_000)
        for _ in 0..<8 { series.roundTrip?.add(nanoseconds: 200_000) }
        series.roundTrip?.add(nanoseconds: 300_000)
        let expected = """
            ✔ answered   ping mynamespace → 198.51.100.1 (wan)
              10 of 10 answered, min/avg/max 100 µs / 200 µs / 300 µs

              mynamespace              host                                     wan
             ┌────────────────────┐   ┌────────────────────────────────────┐   ┌─────────┐
             │ ping  route  veth1 ├───┤ veth0  mybridge  route  SNAT  eth0 ├───┤ wan0  ✔ │
             └────────────────────┘   └────────────────────────────────────┘   └─────────┘

             began          2026-11-23T14:30:05.250000Z
             sent           10 packets, 840 bytes by mynamespace
             received       10 packets, 840 bytes from wan
             reply          same path back

            """
        #expect(try text(series) == expected.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        #expect(
            try text(series) { $0.verbosity = .quiet } == [
                "2026-11-23T14:30:05.250000Z ✔ answered  ping mynamespace → 198.51.100.1 (wan)  10 of 10 answered, min/avg/max 100 µs / 200 µs / 300 µs",
                "",
            ])
    }

    @Test func aFaultIsToldOnceWithItsFixBeforeTheDrawing() throws {
        let fixture = try WalkFixture.load("rule-drop")
        var series = Self.connection(fixture, kind: .echo)
        series.exchanges = 3
        series.failures = 3
        series.requests = 3
        series.outcome = .dropped
        series.sent = .init(packets: 3, bytes: 252, stopped: 3)
        series.causes = [
            Connection.Cause(
                finding: fixture.request.findings[0], count: 3, firstNanoseconds: series.startNanoseconds,
                lastNanoseconds: series.endNanoseconds)
        ]
        let lines = try text(series)
        #expect(
            lines.prefix(7) == [
                "✘ dropped   ping mynamespace → 198.51.100.1 (wan)   0 of 3 answered",
                " cause          a rule of FORWARD drops it (rule-drop)",
                "                3 times, first 2026-11-23T14:30:05.250000Z, last",
                "                2026-11-23T14:30:07.750000Z",
                " fix            iptables -D FORWARD 3",
                "                applied: the same packet then arrives",
                "",
            ])
        #expect(lines.count { $0.contains("a rule of FORWARD drops it") } == 1)
        #expect(lines.contains(" loss           3 of 3 (100%)"))
        #expect(lines.contains(" sent           3 packets, 252 bytes by mynamespace, 3 stopped"))
    }

    @Test func aConnectionSaysWhoClosedItAndWhatWasSentAgain() throws {
        var fixture = try WalkFixture.load("namespace-to-wan")
        fixture.request.kind = .tcp(flags: .syn)
        var connection = Self.connection(fixture, kind: .tcp)
        connection.client.port = 40_112
        connection.server.port = 443
        connection.exchanges = 9
        connection.ending = .closed
        connection.endedBy = .server
        connection.handshakeNanoseconds = 230_000
        connection.sent = .init(packets: 12, bytes: 80)
        connection.received = .init(packets: 1400, bytes: 2_100_000, retransmitted: 3)
        connection.translations = [
            .init(namespace: "host", hook: .postrouting, change: .source(from: "172.19.0.2", to: "203.0.113.2"))
        ]
        let lines = try text(connection) { $0.width = 100 }
        #expect(
            lines[0]
                == "✔ closed   TCP mynamespace → 198.51.100.1:443 (wan)   2.10 MB received, 80 bytes sent in 2.50 s")
        #expect(
            lines.suffix(8) == [
                " began          2026-11-23T14:30:05.250000Z",
                " translation    source 172.19.0.2 ⇒ 203.0.113.2 at host postrouting",
                " handshake      230 µs",
                " sent           12 packets, 80 bytes by mynamespace",
                " received       1400 packets, 2.10 MB from wan, 3 retransmitted",
                " ended          closed by wan (FIN) after 2.50 s",
                " reply          same path back",
                "",
            ])
    }

    @Test func whatDNSWasAskedIsToldTheWorstFirst() throws {
        var fixture = try WalkFixture.load("namespace-to-wan")
        fixture.request.kind = .udp(payloadLength: 24)
        var connection = Self.connection(fixture, kind: .udp)
        connection.server.port = 53
        connection.exchanges = 2
        connection.received.packets = 2
        // `db`, type A; the answer has the address 192.0.2.7.
        let header: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let question = header + [2, 100, 98, 0, 0, 1, 0, 1]
        var answer = question + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]
        answer[2] = 0x81
        answer[7] = 1
        var failure = question
        failure[2] = 0x81
        failure[3] = 0x82
        func message(_ bytes: [UInt8]) throws -> DNSMessage {
            let message = DNSMessage(bytes.span.bytes)
            return try #require(message)
        }
        connection.lookups = [
            .init(
                startNanoseconds: 0, question: try message(question), answer: try message(answer),
                nanoseconds: 1_200_000),
            .init(
                startNanoseconds: 1, question: try message(question), answer: try message(failure),
                nanoseconds: 2_000_000),
            .init(startNanoseconds: 2, question: try message(question)),
        ]
        connection.lookupCount = 3
        let lines = try text(connection) { $0.width = 100 }
        #expect(
            lines[0] == "✔ answered   DNS mynamespace → 198.51.100.1:53 (wan)   A db: SERVFAIL, 3 questions")
        #expect(lines.contains(" asked          A db → 192.0.2.7  1.20 ms"))
        #expect(lines.contains("                A db: SERVFAIL  2.00 ms"))
        #expect(lines.contains("                A db: no reply"))
    }

    @Test func likeOnesAreKnown() throws {
        var repeats = ConnectionRepeats()
        var notes: [String?] = []
        var connection = Self.connection(try WalkFixture.load("namespace-to-wan"), kind: .tcp)
        notes.append(repeats.take(connection))
        // From another port, at another time, with other amounts.
        connection.client.port = 50_000
        connection.startNanoseconds += 1
        connection.received.bytes = 7
        notes.append(repeats.take(connection))
        // Another client behind the same bridge.
        connection.client = .init(address: "172.19.0.3", port: 50_000, namespace: "other")
        for index in connection.example.request.hops.indices {
            if connection.example.request.hops[index].namespace == "mynamespace" {
                connection.example.request.hops[index].namespace = "other"
            }
            if connection.example.request.hops[index].device == "veth0" {
                connection.example.request.hops[index].device = "veth7"
            }
        }
        connection.example.reply = nil
        notes.append(repeats.take(connection))
        connection.client.namespace = "third"
        for index in connection.example.request.hops.indices
        where connection.example.request.hops[index].namespace == "other" {
            connection.example.request.hops[index].namespace = "third"
        }
        notes.append(repeats.take(connection))
        // Another server, and one that fails.
        connection.server.port = 81
        notes.append(repeats.take(connection))
        connection.outcome = .impaired
        notes.append(repeats.take(connection))
        notes.append(repeats.take(connection))
        #expect(notes == [nil, "path as above", nil, "path as of other above", nil, nil, "path as above"])
    }

    @Test func timesAreWrittenAsAskedFor() {
        let time: Int64 = 1_795_444_205_250_000_000
        #expect(TimeText(style: .utc).text(time) == "2026-11-23T14:30:05.250000Z")
        #expect(TimeText(style: .unix).text(time) == "1795444205.250000")
        #expect(TimeText(style: .relative, origin: time - 1_000_500_000).text(time) == "+1.000500")
        #expect(TimeText(style: .relative, origin: time + 500_000).text(time) == "-0.000500")
        #expect(TimeText(style: .none).text(time) == "")
        #expect(TimeText(style: .clock).text(time).hasSuffix(":05.250000"))
    }

    @Test func amountsHaveThreeDigits() {
        #expect(Quantity.bytes(0) == "0 bytes")
        #expect(Quantity.bytes(1) == "1 byte")
        #expect(Quantity.bytes(999) == "999 bytes")
        #expect(Quantity.bytes(1000) == "1.00 kB")
        #expect(Quantity.bytes(2_100_000) == "2.10 MB")
        #expect(Quantity.bytes(999_999) == "999 kB")
        #expect(Quantity.bytes(54_321) == "54.3 kB")
        #expect(Quantity.bytes(.max) == "18.4 EB")
    }
}
