// fuzz-rooms: CLinux Wire LinuxSystem Network Observations Recording
// fuzz-link: -lz -lzstd
// fuzz-max-length: 1500
import Observations
import Recording
import Wire

/// NFLOG captures: the input is messages, each behind one byte that gives its length.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecording(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    var file: [UInt8] = []
    append([0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 239], to: &file)
    var offset = 0
    while offset < count {
        let length = min(Int(start[offset]), count - offset - 1)
        append([1, 2, UInt32(length), UInt32(length)], to: &file)
        file.append(contentsOf: UnsafeBufferPointer(start: start + offset + 1, count: length))
        offset += 1 + length
    }
    var vantages: Set<UInt32> = []
    do {
        let reader = try RecordingReader(bytes: file, name: "fuzz")
        try reader.read(
            events: { _, event in
                if case .vantage(let id, _) = event { vantages.insert(id.rawValue) }
            },
            packets: { _, observation, bytes in
                check(
                    bytes.byteCount <= file.count || file.starts(with: [0x1f]) || file.starts(with: [0x28]),
                    "a packet longer than its file")
                check(reader.isRecording || vantages.contains(observation.vantage.rawValue), "a place never declared")
            })
        for error in reader.damage { check(!error.description.contains("\n"), "an error of several lines") }
    } catch let error as RecordingError {
        check(!error.description.contains("\n"), "an error of several lines")
    } catch {
        fatalError("another error")
    }
    return 0
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}

private func append(_ words: [UInt32], to file: inout [UInt8]) {
    for word in words { withUnsafeBytes(of: word) { file.append(contentsOf: $0) } }
}
