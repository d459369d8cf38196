import Testing

@testable import Recording

/// A recording of a later kernel, or of a later version of this program, with a word that is not known here.
@Suite("A recording with an unknown word") struct UnknownWordsTests {
    @Test(
        "of the kernel's is read whole, with the word as it came",
        arguments: [
            (#""hook":"postrouting""#, #""hook":"overrouting""#, "overrouting"),
            (#""kind":"unicast""#, #""kind":"unicost""#, "unicost"),
            (#""reason":"NETFILTER_DROP""#, #""reason":"NETFILTER_LATE""#, "NETFILTER_LATE"),
            (#""verdict":"drop""#, #""verdict":"hold""#, "hold"),
        ])
    func ofTheKernel(found: String, other: String, word: String) throws {
        let (events, damage) = try readSample(replacing: found, by: other)
        #expect(damage.isEmpty)
        #expect(events.count == heard(sampleBatch()).count)
        #expect(events.contains { $0.description.contains(word) })
    }

    @Test(
        "of its own lacks that one record, says so once, and is read on",
        arguments: [
            (#""change":"new""#, #""change":"nev""#, "a flow record that can't be read: change"),
            (#""kind":"link""#, #""kind":"lynk""#, "a vantage record that can't be read: point.kind"),
            (#""direction":"in""#, #""direction":"up""#, "a vantage record that can't be read: point.direction"),
            (#""stage":"srcnat""#, #""stage":"sauces""#, "a vantage record that can't be read: point.stage"),
            (#""edge":"after""#, #""edge":"above""#, "a vantage record that can't be read: point.edge"),
        ])
    func ofItsOwn(found: String, other: String, text: String) throws {
        let (events, damage) = try readSample(replacing: found, by: other)
        #expect(damage.count == 1 && damage.first?.contains(text) == true, "\(damage)")
        #expect(events.count == heard(sampleBatch()).count - 1)
    }
}
