import Testing
import Wire

@testable import Connections
@testable import WalkModel

@Suite struct ConnectionTableTests {
    private static let second: Int64 = 1_000_000_000

    @Test func aDownloadIsARowWhileItGoesOnAndAfterItsEnd() throws {
        var packets = Packets()
        var table = ConnectionTable()
        let exchanges = packets.download()
        table.take(exchanges[0], topology: nil)
        table.advance(toNanoseconds: 2_000_000)
        var rows = table.rows
        try #require(rows.count == 1)
        #expect(rows[0].isOpen && rows[0].connection.ending == .open)
        let number = rows[0].number
        for exchange in exchanges.dropFirst() { table.take(exchange, topology: nil) }
        // 3100 bytes within the first second.
        table.advance(toNanoseconds: Self.second)
        rows = table.rows
        #expect(rows[0].bytesPerSecond == 3100)
        #expect(rows[0].packetsPerSecond == 12)
        // It ended after a millisecond, and lingers for two seconds.
        table.advance(toNanoseconds: 4 * Self.second)
        rows = table.rows
        #expect(rows.count == 1)
        #expect(rows[0].number == number)
        #expect(!rows[0].isOpen && rows[0].connection.ending == .closed)
        #expect(rows[0].bytesPerSecond == 0)
        #expect(table.connectionCount == 1)
        #expect(table.failedCount == 0)
        #expect(table.causes.isEmpty)
    }

    @Test func theRateIsThatOfTheLastSeconds() throws {
        var table = ConnectionTable()
        var packets = Packets(clientPort: nil, serverPort: nil)
        func ping(at second: Int64) -> Exchange {
            let request = packets.there(.icmp(.echoRequest(identifier: 7, sequence: 1)), at: second * 1_000_000)
            return Exchange(request: request, reply: nil)
        }
        var rates: [UInt64] = []
        // A packet of 84 bytes in each of the first four seconds, then none.
        for second in Int64(0)..<9 {
            if second < 4 { table.take(ping(at: second), topology: nil) }
            table.advance(toNanoseconds: second * Self.second + Self.second / 2)
            rates.append(table.rows[0].bytesPerSecond)
        }
        // 84 in what counts as a second, 168 in 1.5 s, 252 in 2.5 s; then 252, 168, 84 and none in three seconds.
        #expect(rates == [84, 112, 100, 84, 56, 28, 0, 0, 0])
    }

    @Test func causesCountOverAllConnectionsAlsoThoseThatAreForgotten() throws {
        var table = ConnectionTable(endedLimit: 4)
        for port in UInt16(1)...20 {
            var packets = Packets(clientPort: 40_000 + port, serverPort: 53)
            let at = Int64(port) * 1_000_000
            let outcome: Walk.Outcome = port % 2 == 0 ? .dropped : .delivered
            let request = packets.there(.udp(payloadLength: 40), at: at, outcome: outcome)
            let reply = packets.back(.udp(payloadLength: 90), at: at + 100, answers: request.id)
            table.take(Exchange(request: request, reply: outcome == .dropped ? nil : reply), topology: nil)
        }
        table.finish()
        // Those that ended well went first.
        #expect(table.rows.map(\.connection.client.port) == [40_014, 40_016, 40_018, 40_020])
        #expect(table.connectionCount == 20)
        #expect(table.failedCount == 10)
        let causes = table.causes
        try #require(causes.count == 1)
        #expect(causes[0].code?.rawValue == "rule-drop")
        #expect(causes[0].packets == 10)
        #expect(causes[0].connections == 10)
        #expect(causes[0].clients == ["web"])
        #expect(causes[0].lastNanoseconds == 20_000_000_000)
    }
}
