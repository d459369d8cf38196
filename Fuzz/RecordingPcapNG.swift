// fuzz-rooms: CLinux Wire LinuxSystem Network Observations Recording
// fuzz-link: -lz -lzstd
// fuzz-max-length: 1500
import Observations
import Recording
import Wire

/// Capture files of every kind, as they come: pcapng, pcap, compressed ones, our own records.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecording(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let file = Array(UnsafeBufferPointer(start: start, count: count))
    var vantages: Set<UInt32> = []
    // A packet of a recording names its vantage point by itself, declared or not, also beside other captures.
    let holdsRecording = isCompressed(file) || String(decoding: file, as: UTF8.self).contains("packetwalk.recording/")
    do {
        let reader = try RecordingReader(bytes: file, name: "fuzz")
        try reader.read(
            events: { _, event in
                if case .vantage(let id, _) = event { vantages.insert(id.rawValue) }
            },
            packets: { _, observation, bytes in
                check(
                    bytes.byteCount <= file.count || isCompressed(file),
                    "a packet longer than its file")
                check(holdsRecording || vantages.contains(observation.vantage.rawValue), "a place never declared")
            })
        for error in reader.damage { check(!error.description.contains("\n"), "an error of several lines") }
    } catch let error as RecordingError {
        check(!error.description.contains("\n"), "an error of several lines")
    } catch {
        fatalError("another error")
    }
    return 0
}

/// gzip or zstd.
private func isCompressed(_ file: [UInt8]) -> Bool { file.starts(with: [0x1f]) || file.starts(with: [0x28]) }

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
