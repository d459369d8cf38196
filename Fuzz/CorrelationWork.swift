// fuzz-rooms: CLinux Wire LinuxSystem Network Ruleset Observations WalkModel Correlation
// fuzz-files: Tests/CorrelationTests/HostileStream.swift
// fuzz-max-length: 16
// fuzz-one-in: 1000
import Correlation
import Observations

/// What a packet costs the engine: the first byte chooses the kind of hostile stream, the second how dense it is, the rest
/// is its seed. A stream three times as long may cost no more for each packet, in comparisons and in records held, but for
/// what differs from one part of it to another.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWork(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let kinds = HostileStream.Kind.allCases
    let kind = kinds[Int(start[0]) % kinds.count]
    var seed: UInt64 = 0
    for index in 2..<max(2, count) { seed = seed &* 0x100_0000_01b3 ^ UInt64(start[index]) }
    // From 1 to 3.5 ms between packets, for five seconds: longer than any walk stays open.
    let interval = 1_000_000 + Int64(start[1]) * 10_000
    let stream = HostileStream(kind: kind, seed: seed, interval: interval)
    let length = Int(5_000_000_000 / interval)
    let short = cost(stream, count: 2 * length)
    let long = cost(stream, count: 6 * length)
    check(
        long.comparisons <= short.comparisons * 1.5 + 16 && long.records <= short.records * 5 / 4 + 1024,
        "\(kind), seed \(seed), every \(interval) ns: \(short), then \(long)")
    return 0
}

private func cost(_ stream: HostileStream, count: Int) -> (comparisons: Double, records: Int) {
    var options = WalkEngine.Options()
    options.comparisonReserve = 1 << 14
    var engine = WalkEngine(options: options)
    var batch = WalkBatch()
    var records = 0
    for event in stream.events(count: count) {
        engine.take(event)
        if case .watermark = event {
            engine.finishedBatch(into: &batch)
            records = max(records, engine.statistics.openRecords)
        }
    }
    _ = engine.finishBatch()
    return (Double(engine.statistics.comparisons) / Double(max(1, engine.statistics.observations)), records)
}

/// An optimised `precondition` does not print what failed.
private func check(_ holds: Bool, _ message: String) {
    if !holds { fatalError(message) }
}
