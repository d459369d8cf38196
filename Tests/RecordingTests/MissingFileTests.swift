import Recording
import Testing

@Suite struct MissingFileTests {
    @Test("says why a file can't be opened") func missing() {
        let error = #expect(throws: RecordingError.self) { try RecordingReader(path: "/nonexistent/a.pcap") }
        #expect(error.map { "\($0)".contains("No such file or directory") } == true)
    }
}
