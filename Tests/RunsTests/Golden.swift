import LinuxSystem
import Observations
import Recording
import Runs
import WalkModel

/// A recording of a lab's packet, as `fixtures/golden` keeps it.
enum Golden {
    static func path(_ name: String) -> String { "fixtures/golden/\(name).pcapng.zst" }

    /// The walks and findings of its replay.
    static func exchanges(_ name: String) throws -> [Exchange] {
        var run = try RecordedRun([CapturePoint(path: path(name))])
        var exchanges: [Exchange] = []
        try run.replay { groups in exchanges += groups.flatMap(\.exchanges) }
        return exchanges
    }

    /// A live run gives exchanges as they end, a replay as they began.
    static func inOrder(_ exchanges: [Exchange]) -> [Exchange] {
        exchanges.sorted {
            ($0.request.startNanoseconds, $0.request.id) < ($1.request.startNanoseconds, $1.request.id)
        }
    }

    /// The exchange that was explained: the first one with a packet of a program.
    static func explanation(_ name: String) throws -> Explanation {
        let ours = try exchanges(name).filter { !$0.request.isHousekeeping }
        return Explanation(group: ExchangeGroup(topology: nil, exchanges: Array(ours.prefix(1))))
    }

    /// Its events, cut into batches after each watermark, as a live source gives them.
    static func batches(_ name: String) throws -> [EventBatch] {
        var batches: [EventBatch] = []
        var batch = EventBatch()
        try RecordingReader(path: path(name)).read(
            events: { _, event in
                batch.append(event)
                if case .watermark = event {
                    batches.append(batch)
                    batch = EventBatch()
                }
            },
            packets: { _, observation, _ in batch.append(.packet(copy observation)) })
        return batches + (batch.isEmpty ? [] : [batch])
    }

    /// What `replay --format json` gave for it.
    static func json(_ name: String) throws -> String {
        try Command(["zstd", "-dcq", "fixtures/golden/\(name).jsonl.zst"]).run().text
    }
}
