import Testing

@testable import Recording

/// A recording of which one network can't be read.
@Suite struct UnreadableTopologyTests {
    @Test(
        "is told of in one line, and all else is read",
        arguments: [
            (
                "packetwalk.map/1", "packetwalk.map/2",
                #"a topology record that can't be read: a map of schema "packetwalk.map/2"; this version of packetwalk "#
                    + "reads packetwalk.map/1"
            ),
            (
                #""inode":"#, #""iNode":"#,
                "a topology record that can't be read: topology.namespaces[0].inode is missing"
            ),
        ])
    func oneLine(found: String, other: String, text: String) throws {
        let whole = heard(sampleBatch())
        let (events, damage) = try readSample(replacing: found, by: other)
        #expect(damage.count == 1 && damage.first?.hasSuffix(text) == true, "\(damage)")
        #expect(damage.first?.contains("\n") == false)
        #expect(events.count == whole.count - 1)
        #expect(events == whole.filter { !$0.description.hasPrefix("topology(") })
    }
}

/// The sample with the bytes `found` in its network replaced by `other`, which must be as long.
func readSample(replacing found: String, by other: String) throws -> (events: [Heard], damage: [String]) {
    let scratch = Scratch()
    let path = scratch.file("a.pcapng")
    let writer = try RecordingWriter(path: path, options: RecordingOptions())
    try writer.write(sampleBatch())
    try writer.close()
    var bytes = contents(path)
    let pattern = Array(found.utf8)
    try #require(found.utf8.count == other.utf8.count)
    let start = try #require(
        bytes.indices.first { bytes[$0...].starts(with: pattern) }, "the recording has no \(found)")
    bytes.replaceSubrange(start..<start + pattern.count, with: other.utf8)
    let reader = try RecordingReader(bytes: bytes, name: "a.pcapng")
    return (try heard(reader), reader.damage.map(\.description))
}
