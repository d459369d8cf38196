import Network
import Observations
import TestSupport
import Testing
import WalkModel
import Wire

@testable import Views

/// The live screen as it is drawn, written out by hand.
@Suite struct LiveScreenTests {
    private static func row(
        _ number: UInt64, _ fixture: String, client: String = "mynamespace", isOpen: Bool = true
    ) throws -> ConnectionRow {
        let fixture = try WalkFixture.load(fixture)
        let request = fixture.request
        var connection = Connection(
            id: request.id, kind: .echo, protocol: request.protocol,
            client: .init(address: request.source, namespace: client),
            server: .init(address: request.destination, namespace: "wan"),
            example: Exchange(request: request, reply: fixture.reply))
        connection.exchanges = 1
        connection.requests = 1
        connection.sent = .init(packets: 1, bytes: 84)
        return ConnectionRow(number: number, connection: connection, isOpen: isOpen)
    }

    /// One that is answered, with 2.1 MB in a second.
    private static func good(_ number: UInt64, client: String = "mynamespace") throws -> ConnectionRow {
        var row = try row(number, "namespace-to-wan", client: client)
        row.connection.replies = 1
        row.connection.received = .init(packets: 1, bytes: 2_100_000)
        row.connection.roundTrip = .init(nanoseconds: 230_000)
        row.bytesPerSecond = 2_100_000
        return row
    }

    /// One that rule 3 of FORWARD drops, three times.
    private static func bad(_ number: UInt64, client: String = "mynamespace") throws -> ConnectionRow {
        var row = try row(number, "rule-drop", client: client)
        row.connection.outcome = .dropped
        row.connection.failures = 3
        row.connection.causes = [
            Connection.Cause(
                finding: row.connection.example.request.findings[0], count: 3, firstNanoseconds: 0,
                lastNanoseconds: 2_000_000_000)
        ]
        return row
    }

    private static func screen(_ rows: [ConnectionRow], width: Int = 80, height: Int = 12) -> LiveScreen {
        var screen = LiveScreen(options: RenderOptions(width: width), height: height)
        show(rows, on: &screen)
        return screen
    }

    private static func show(_ rows: [ConnectionRow], on screen: inout LiveScreen) {
        let facts = LiveScreen.Facts(
            watched: "3 namespaces, 8 links", elapsedSeconds: 3672, packets: 9, connections: UInt64(rows.count),
            failed: UInt64(rows.count { $0.connection.hasFailed }))
        let causes = rows.flatMap { row in row.connection.faults.map { CauseSum($0, of: row.connection) } }
        screen.show(rows: rows, causes: causes, facts: facts, topology: nil)
    }

    /// The client of each row, and the mark of the chosen one.
    private static func clients(_ screen: LiveScreen) -> [String] {
        screen.lines.filter { $0.contains("ping ") }.map { line in
            let words = line.split(separator: " ")
            let name = words.firstIndex(of: "ping").map { String(words[$0 + 1]) } ?? ""
            return line.hasPrefix("▸") ? "▸\(name)" : name
        }
    }

    @Test func theTable() throws {
        let screen = Self.screen([try Self.good(1), try Self.bad(2)])
        #expect(
            screen.lines == [
                "packetwalk  01:01:12  9 packets, 2 connections, 1 failed  3 namespaces, 8 links",
                "     outcome   connection                    path or cause        rate       rtt",
                "▸ ✘  dropped   ping mynamespace → 198.51.1…  rule-drop at …",
                "  ✔  answered  ping mynamespace → 198.51.1…  host → wan      2.10 MB/s    230 µs",
                "",
                "",
                "",
                "",
                "what is broken",
                "✘  3×  rule-drop  mynamespace  a rule of FORWARD drops it",
                "failed first",
                "↑↓ choose  Enter open  f fix  c copy  / filter  s sort  p pause  ? help  q quit",
            ])
    }

    @Test func timeGoesOnWithoutNewRows() throws {
        var screen = Self.screen([try Self.good(1), try Self.bad(2)])
        let before = screen.lines
        screen.show(
            LiveScreen.Facts(
                watched: "3 namespaces, 8 links", elapsedSeconds: 3677, packets: 9, connections: 2, failed: 1,
                lagSeconds: 5))
        #expect(
            screen.lines[0] == "packetwalk  01:01:17  9 packets, 2 connections, 1 failed  3 namespa…  5 s behind")
        #expect(screen.lines.dropFirst() == before.dropFirst())
        // Who holds the rows still knows that they are old.
        _ = screen.press(.character("p"))
        #expect(screen.lines[0].hasSuffix("  paused"))
    }

    @Test func figuresStandBesideTheirNames() throws {
        let screen = Self.screen([try Self.good(1), try Self.bad(2)], width: 200)
        #expect(
            screen.lines[1]
                == "     outcome   connection                       path or cause                  bytes       rate       rtt"
        )
        #expect(
            screen.lines[3]
                == "  ✔  answered  ping mynamespace → 198.51.100.1  host → wan                   2.10 MB  2.10 MB/s    230 µs"
        )
    }

    @Test func whatTheRunSaysGoesAfterTenSeconds() throws {
        var screen = Self.screen([try Self.good(1)])
        func status(_ seconds: Int64, _ note: String? = nil) -> String {
            screen.show(LiveScreen.Facts(watched: "3 namespaces, 8 links", elapsedSeconds: seconds, note: note))
            return screen.lines[10]
        }
        #expect(status(20, "more packets than can be shown") == "more packets than can be shown")
        #expect(status(29) == "more packets than can be shown")
        #expect(status(30) == "failed first")
        // A key takes it away at once.
        #expect(status(40, "once more") == "once more")
        _ = screen.press(.down)
        #expect(status(41) == "failed first")
    }

    @Test func withoutUnicode() throws {
        var screen = Self.screen([try Self.good(1), try Self.bad(2)], width: 100)
        screen.options.unicode = false
        #expect(screen.lines.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } })
        #expect(screen.lines[2].hasPrefix("> X  dropped   ping mynamespace -> 198.51.100.1"))
        #expect(screen.lines[3].hasPrefix("  ok answered  ping mynamespace -> 198.51.100.1"))
    }

    @Test func keysChooseARow() throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
        var rows: [ConnectionRow] = []
        for (index, name) in names.enumerated() { rows.append(try Self.good(UInt64(index), client: name)) }
        // The newest come first. Of twelve lines eight are rows.
        var screen = Self.screen(rows)
        #expect(Self.clients(screen) == ["▸j", "i", "h", "g", "f", "e", "d", "c"])
        #expect(screen.lines[10] == "failed first, 1 to 8 of 10")
        _ = screen.press(.down)
        #expect(Self.clients(screen) == ["j", "▸i", "h", "g", "f", "e", "d", "c"])
        _ = screen.press(.pageDown)
        #expect(Self.clients(screen) == ["i", "h", "g", "f", "e", "d", "c", "▸b"])
        _ = screen.press(.end)
        #expect(Self.clients(screen) == ["h", "g", "f", "e", "d", "c", "b", "▸a"])
        // One more above it: the chosen row stays the chosen one.
        rows.append(try Self.good(10, client: "k"))
        Self.show(rows, on: &screen)
        #expect(Self.clients(screen).last == "▸a")
        // It is gone: the next one takes its place.
        Self.show(rows.filter { $0.number != 0 }, on: &screen)
        #expect(Self.clients(screen).last == "▸b")
        _ = screen.press(.home)
        #expect(Self.clients(screen).first == "▸k")
    }

    @Test func sorting() throws {
        var slow = try Self.good(1, client: "slow")
        slow.connection.roundTrip = .init(nanoseconds: 900_000)
        slow.bytesPerSecond = 10
        slow.connection.received.bytes = 100
        var large = try Self.good(2, client: "large")
        large.connection.received.bytes = 1_000_000_000
        large.bytesPerSecond = 500
        let broken = try Self.bad(3, client: "broken")
        let fast = try Self.good(4, client: "fast")
        var screen = Self.screen([slow, large, broken, fast])
        func next() -> [String] {
            _ = screen.press(.character("s"))
            return Self.clients(screen)
        }
        #expect(Self.clients(screen) == ["▸broken", "fast", "large", "slow"])
        #expect(next() == ["▸fast", "broken", "large", "slow"])
        #expect(screen.lines[10] == "newest")
        #expect(next() == ["▸fast", "large", "slow", "broken"])
        #expect(screen.lines[10] == "rate")
        #expect(next() == ["▸large", "fast", "slow", "broken"])
        #expect(screen.lines[10] == "bytes")
        #expect(next() == ["▸slow", "fast", "large", "broken"])
        #expect(screen.lines[10] == "round trip")
        #expect(next() == ["▸broken", "fast", "large", "slow"])
        #expect(screen.lines[10] == "name")
    }

    @Test func theFilterAsksForAllWords() throws {
        let rows = [try Self.good(1, client: "web"), try Self.bad(2, client: "web"), try Self.good(3, client: "db")]
        var screen = Self.screen(rows)
        func type(_ text: String) { for character in text { _ = screen.press(.character(character)) } }
        type("/WEB")
        #expect(Self.clients(screen) == ["▸web", "web"])
        #expect(screen.lines[10] == "filter: WEB_   2 of 3")
        // While it is typed, letters are no commands.
        type(" rule-d")
        #expect(Self.clients(screen) == ["▸web"])
        #expect(screen.press(.character("q")) == nil)
        #expect(screen.lines[2] == "no connection that the filter lets through")
        for _ in 0..<8 { _ = screen.press(.backspace) }
        _ = screen.press(.enter)
        #expect(screen.lines[10] == "filter: WEB   2 of 3")
        #expect(screen.press(.character("q")) == .quit)
        _ = screen.press(.escape)
        #expect(Self.clients(screen).count == 3)
    }

    @Test func aPauseHoldsTheRowsStill() throws {
        var screen = Self.screen([try Self.good(1, client: "a")])
        _ = screen.press(.character("p"))
        Self.show([try Self.good(1, client: "a"), try Self.good(2, client: "b")], on: &screen)
        #expect(Self.clients(screen) == ["▸a"])
        #expect(screen.lines[0] == "packetwalk  01:01:12  9 packets, 2 connections, none failed  3 namespac…  paused")
        _ = screen.press(.character("p"))
        Self.show([try Self.good(1, client: "a"), try Self.good(2, client: "b")], on: &screen)
        #expect(Self.clients(screen) == ["▸b", "a"])
    }

    @Test func oneConnectionIsOpenedAsTraceShowsIt() throws {
        let row = try Self.bad(1)
        var screen = Self.screen([row], height: 60)
        _ = screen.press(.enter)
        let entry = try ConnectionRenderer(format: .text, options: RenderOptions())
            .render(row.connection, isUnderWay: true).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(screen.lines.count == 60)
        #expect(screen.lines[2...].prefix(entry.count - 1).elementsEqual(entry.dropLast().map(String.init)))
        #expect(screen.lines.contains { $0.contains("iptables -D FORWARD 3") })
        // What comes later is shown there too; its row may be forgotten.
        Self.show([], on: &screen)
        #expect(screen.lines.contains { $0.contains("iptables -D FORWARD 3") })
        _ = screen.press(.escape)
        #expect(screen.lines[2] == "no packet so far")
    }

    @Test func aLongPageScrollsToItsEnd() throws {
        var screen = Self.screen([try Self.bad(1)], height: 8)
        _ = screen.press(.enter)
        let first = screen.lines
        _ = screen.press(.end)
        let last = screen.lines
        #expect(first != last)
        _ = screen.press(.down)
        #expect(screen.lines == last)
        _ = screen.press(.home)
        #expect(screen.lines == first)
        _ = screen.press(.up)
        #expect(screen.lines == first)
    }

    @Test func theFixIsShownAndCopied() throws {
        var screen = Self.screen([try Self.bad(1), try Self.good(2)])
        #expect(screen.press(.character("c")) == .copy("iptables -D FORWARD 3"))
        #expect(screen.lines[10] == "1 command sent to the terminal's clipboard")
        _ = screen.press(.character("f"))
        #expect(
            screen.lines[1...8] == [
                "", "ping mynamespace → 198.51.100.1 (wan)", "a rule of FORWARD drops it (rule-drop)", "", "the fix",
                "", "iptables -D FORWARD 3", "",
            ])
        _ = screen.press(.escape)
        _ = screen.press(.down)
        #expect(screen.press(.character("c")) == nil)
        #expect(screen.lines[10] == "nothing is wrong with it: there is no fix")
        #expect(screen.press(.character("f")) == nil)
        #expect(screen.lines[10] == "nothing is wrong with it: there is no fix")
    }

    @Test func aCommandThatWouldRunAnotherOneIsNotCopied() throws {
        var row = try Self.bad(1)
        row.connection.causes[0].finding.remedy?.actions.append(RemedyAction(in: nil, .line("ip link set a\nreboot")))
        var screen = Self.screen([row])
        #expect(screen.press(.character("c")) == nil)
        #expect(screen.lines[10] == "the fix has control characters in it: not copied")
    }

    @Test func anySizeIsDrawnWhole() throws {
        let rows = [try Self.good(1), try Self.bad(2), try Self.good(3)]
        for height in 1...30 {
            for width in [1, 40, 41, 60, 99, 120, 200] {
                var screen = Self.screen(rows, width: width, height: height)
                for key in [LiveKey.down, .enter, .character("f"), .escape, .escape, .character("?")] {
                    _ = screen.press(key)
                    #expect(screen.lines.count == max(3, height))
                    #expect(screen.lines.allSatisfy { $0.columns <= max(40, width) })
                }
                screen.resize(columns: 50, height: height + 3)
                #expect(screen.lines.count == max(3, height + 3))
            }
        }
    }

    @Test func namesOfStrangersCantMoveTheCursor() throws {
        var random = SeededGenerator(seed: 11)
        let good = try Self.good(1)
        let bad = try Self.bad(2)
        for _ in 0..<200 {
            var rows = [good, bad]
            for index in rows.indices {
                let walk = random.disguise(rows[index].connection.example.request)
                rows[index].connection.example.request = walk
                rows[index].connection.client.namespace = random.name()
                for cause in rows[index].connection.causes.indices {
                    rows[index].connection.causes[cause].finding = walk.findings[0]
                }
            }
            var screen = Self.screen(rows, width: 100, height: 40)
            for key in [LiveKey.character("/"), .character("\u{202e}"), .escape, .enter, .escape, .character("f")] {
                _ = screen.press(key)
                for line in screen.lines {
                    #expect(line.unicodeScalars.allSatisfy { !$0.isUnsafe }, "\(line.debugDescription)")
                    #expect(line.columns <= 100)
                }
            }
        }
    }
}
