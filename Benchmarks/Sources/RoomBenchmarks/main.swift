import Correlation
import Benchmark
import Glibc
import Observations
import Recording
import Traffic
import WalkModel
import Wire

let path = "/tmp/packetwalk-bench-\(getpid()).pcapng"
try Traffic(points: 5, observations: 100_000).write(to: path)
var events: [Event] = []
var frame: [UInt8] = []
try RecordingReader(path: path).read(
    events: { events.append($1) },
    packets: { _, observation, bytes in
        events.append(.packet(copy observation))
        if frame.isEmpty { frame = bytes.withUnsafeBytes { Array($0) } }
    })
unlink(path)
try Traffic(points: 5, observations: 100_000).write(to: path)

benchmark("dissect 100,000 packets") {
    var labels: UInt64 = 0
    frame.withUnsafeBytes { bytes in
        for _ in 0..<100_000 {
            labels ^= dissect(bytes.bytes, linkType: .ethernet, originalLength: bytes.count).label
        }
    }
    precondition(labels == 0)
}

benchmark("read 100,000 observations") {
    var count = 0
    try RecordingReader(path: path).read(events: { _, _ in }, packets: { _, _, _ in count += 1 })
    precondition(count == 100_000)
}

benchmark("join 100,000 observations to walks") {
    var engine = WalkEngine()
    var walks = 0
    for event in events {
        engine.take(event)
        if case .watermark = event { walks += engine.finishedBatch().records.count }
    }
    walks += engine.finishBatch().records.count
    precondition(walks == 20_000)
}

benchmark("write 100,000 observations") {
    let writer = try RecordingWriter(path: "/dev/null")
    for event in events { try writer.write(event) }
    try writer.close()
}

Benchmark.main()
unlink(path)
