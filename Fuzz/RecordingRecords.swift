// fuzz-rooms: CLinux Wire LinuxSystem Network Observations Recording
// fuzz-link: -lz -lzstd
// fuzz-max-length: 1500
import Observations
import Recording
import Wire

/// A section header, the record that says whose it is, and an interface.
private let head: [UInt8] = {
    func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        return word(type) + word(UInt32(padded.count + 12)) + padded + word(UInt32(padded.count + 12))
    }
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let json = Array(#"{"anonymized":false,"file":1,"run":"f","schema":"packetwalk.recording/1"}"#.utf8)
    return block(0x0a0d_0d0a, word(0x1a2b_3c4d) + word(1) + word(.max) + word(.max))
        + block(0xbad, word(32473) + word(0x6b57_6b50) + word(1) + word(UInt32(json.count)) + json)
        + block(1, word(1) + word(0))
}()

/// Records of our own in custom blocks: the first byte gives the kind, the rest is the payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecording(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 1 else { return 0 }
    var file = head
    let length = (count - 1 + 3) & ~3
    append(
        [0xbad, UInt32(length + 28), 32473, 0x6b57_6b50, UInt32(start[0]), UInt32(count - 1)], to: &file)
    file.append(contentsOf: UnsafeBufferPointer(start: start + 1, count: count - 1))
    file.append(contentsOf: [UInt8](repeating: 0, count: length - count + 1))
    append([UInt32(length + 28)], to: &file)
    var vantages: Set<UInt32> = []
    do {
        let reader = try RecordingReader(bytes: file, name: "fuzz")
        try reader.read(
            events: { _, event in
                if case .vantage(let id, _) = event { vantages.insert(id.rawValue) }
            },
            packets: { _, observation, bytes in
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
