import Correlation
import Glibc
import Observations
import Recording
import Traffic
import WalkModel

/// `replay-rate generate FILE OBSERVATIONS POINTS` writes a recording, `replay-rate generate-flows` one in which every
/// packet is a flow of its own; `replay-rate replay FILE` reads it into walks; `replay-rate read FILE` only reads it. Prints observations, walks, seconds of processor time and of the clock, and
/// the peak of memory in kilobytes.
@main
struct ReplayRate {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("generate", 4), ("generate-flows", 4):
            let traffic = Traffic(
                points: Int(arguments[3]) ?? 5, observations: Int(arguments[2]) ?? 0,
                flows: arguments[0] == "generate" ? .thousand : .onePerPacket)
            try traffic.write(to: arguments[1])
        case ("replay", 2), ("read", 2):
            try replay(arguments[1], builds: arguments[0] == "replay")
        default:
            print("usage: replay-rate generate|generate-flows FILE OBSERVATIONS POINTS | replay FILE | read FILE")
            exit(64)
        }
    }

    private static func replay(_ path: String, builds: Bool) throws {
        var started = timespec()
        clock_gettime(CLOCK_MONOTONIC, &started)
        var engine = WalkEngine()
        var observations = 0
        var walks = 0
        var arrived = 0
        var batch = WalkBatch()
        func count() {
            walks += batch.records.count
            // Its links alone are watched: what came to the server's device was left to what no probe sees there.
            for record in batch.records where record.outcome == .delivered || record.outcome == .left { arrived += 1 }
        }
        let reader = try RecordingReader(path: path)
        try reader.readAhead(
            events: { _, event in
                guard builds else { return }
                engine.take(event)
                if case .watermark = event {
                    engine.finishedBatch(into: &batch)
                    count()
                }
            },
            packets: { _, observation in
                observations += 1
                if builds { engine.take(observation) }
            })
        batch = engine.finishBatch()
        count()
        var ended = timespec()
        clock_gettime(CLOCK_MONOTONIC, &ended)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = Double(ended.tv_sec - started.tv_sec) + Double(ended.tv_nsec - started.tv_nsec) / 1e9
        let processor =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        print("\(observations) \(walks) \(arrived) \(processor) \(seconds) \(usage.ru_maxrss)")
    }
}
