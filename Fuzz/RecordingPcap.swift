// fuzz-rooms: CLinux Wire LinuxSystem Network Observations Recording
// fuzz-link: -lz -lzstd
// fuzz-max-length: 1500
import Observations
import Recording
import Wire

/// The classic format in all its variants. The first byte says which, the second the link type.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecording(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let magics: [UInt32] = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34, 0xd4c3_b2a1, 0x4d3c_b2a1, 0x34cd_b2a1]
    let links: [UInt32] = [1, 113, 276, 239, 101, 0]
    let magic = magics[Int(start[0]) % magics.count]
    let link = links[Int(start[1]) % links.count]
    let swapped = magic >> 24 != 0xa1
    var file: [UInt8] = []
    append([magic, swapped ? 0x0200_0400 : 0x0004_0002, 0, 0, 65535, swapped ? link.byteSwapped : link], to: &file)
    file.append(contentsOf: UnsafeBufferPointer(start: start + 2, count: count - 2))
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
