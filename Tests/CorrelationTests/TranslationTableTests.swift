import Testing
import Wire

@testable import Correlation
@testable import WalkModel

@Suite("Conntrack's translations")
struct TranslationTableTests {
    static func flow(_ source: UInt32, _ sourcePort: UInt16, _ destination: UInt32, _ port: UInt16) -> FlowKey {
        FlowKey(
            sourceHigh: 0, sourceLow: UInt64(source), destinationHigh: 0, destinationLow: UInt64(destination),
            sourcePort: sourcePort, destinationPort: port, ipProtocol: 6)
    }

    // 172.19.0.2:40000 → 203.0.113.2:8080 published by 172.19.0.2:80, masqueraded as 172.19.0.1.
    static let original = flow(0xac13_0002, 40_000, 0xcb00_7102, 8080)
    static let reply = flow(0xac13_0002, 80, 0xac13_0001, 40_000)
    static let between = flow(0xac13_0002, 40_000, 0xac13_0002, 80)
    static let translated = flow(0xac13_0001, 40_000, 0xac13_0002, 80)

    @Test("a hairpin's packet has a third tuple between prerouting and postrouting, both ways")
    func hairpin() {
        var table = TranslationTable(limit: 100)
        table.insert(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 1)
        #expect(table.links(Self.original, Self.between, namespace: 0) == true)
        #expect(table.links(Self.between, Self.translated, namespace: 0) == true)
        #expect(table.links(Self.original, Self.translated, namespace: 0) == true)
        // The answer: 172.19.0.2:80 → 172.19.0.1, then → 172.19.0.2, then from 203.0.113.2:8080.
        #expect(table.links(Self.reply, Self.between.reversed, namespace: 0) == true)
        #expect(table.links(Self.between.reversed, Self.original.reversed, namespace: 0) == true)
        #expect(table.links(Self.original, Self.reply, namespace: 0) == false)
    }

    @Test("goes as it came")
    func removal() {
        var table = TranslationTable(limit: 100)
        table.insert(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 1)
        table.remove(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 2)
        #expect(table.isEmpty == true)
    }

    /// The end of an entry is taken late, since its last packets may still be on their way.
    @Test("an entry made again outlives the end of the one before")
    func madeAgain() {
        var table = TranslationTable(limit: 100)
        table.insert(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 1)
        table.insert(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 3)
        table.remove(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 2)
        #expect(table.links(Self.original, Self.translated, namespace: 0) == true)
        table.remove(namespace: 0, original: Self.original, reply: Self.reply, timeNanoseconds: 4)
        #expect(table.isEmpty == true)
    }

    @Test("one translated end makes no third tuple")
    func sourceOnly() {
        var table = TranslationTable(limit: 100)
        table.insert(
            namespace: 0, original: Self.original, reply: Self.flow(0xcb00_7102, 8080, 0xcb00_7101, 40_000),
            timeNanoseconds: 1)
        #expect(table.count == 4)
    }
}
