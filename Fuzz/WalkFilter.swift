// fuzz-rooms: CLinux Wire LinuxSystem Network Observations WalkModel Ruleset Correlation Query
// fuzz-max-length: 200
import Query

/// The filter language: any text is understood or refused in one line.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWalkFilter(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    do {
        _ = try WalkFilter(text)
    } catch let error as QueryError {
        if error.offset < 0 || error.offset > text.count { fatalError("an error behind the text") }
    } catch {
        fatalError("another error")
    }
    return 0
}
