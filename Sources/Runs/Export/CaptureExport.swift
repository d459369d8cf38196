internal import Glibc
internal import Network
internal import Observations
public import Recording
internal import Wire

/// Packets of a recording, written as a plain capture that knows of no walks.
public struct CaptureExport {
    public enum Choice: Sendable {
        /// Each packet once, as the end that began its connection sends and gets it.
        case onePerPacket
        /// What a capture on these devices would hold, each named `namespace:device`.
        case devices([String])
    }

    public struct Summary: Sendable {
        /// Packets written.
        public var packetCount = 0
        /// Packets that were seen at hooks alone, so that no link's bytes are there.
        public var unseenCount = 0
        /// What was wrong with the files; what was good was read nevertheless.
        public var damage: [RecordingError] = []
    }

    private let files: [String]

    /// - Parameter files: all files of one recording, or captures; read twice, so none may be standard input.
    public init(files: [String]) throws {
        self.files = files
        if files.contains("-") {
            throw RunError(
                .usage, "cannot export from standard input: the recording is read twice, so give it as a file")
        }
    }

    /// Reads the files and writes the capture. Throws `RunError`; `output` is made once the files were read to their end.
    public func write(to output: String, _ choice: Choice) throws -> Summary {
        if let same = files.first(where: { Self.isSameFile($0, output) }) {
            throw RunError(.usage, "cannot export \(same) to itself: give another file to -o")
        }
        switch choice {
        case .onePerPacket: return try writeOnce(to: output)
        case .devices(let names): return try write(to: output, devices: Set(names))
        }
    }

    private func open() throws -> RecordingReader {
        do {
            return try RecordingReader(points: files.map { CapturePoint(path: $0) })
        } catch let error as RecordingError {
            throw RunError(.badInput, "cannot export \(error)")
        }
    }

    private func openOutput(_ path: String) throws -> CaptureWriter {
        try Self.writing { try CaptureWriter(path: path) }
    }

    private static func writing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as RecordingError {
            throw RunError(.cannotWrite, "cannot write the capture \(error)")
        }
    }

    private func writeOnce(to output: String) throws -> Summary {
        var choices: [RunID: PacketChoice] = [:]
        let first = try open()
        try first.read(
            events: { run, event in
                let choice = choices[run] ?? PacketChoice()
                choices[run] = choice
                choice.take(event)
            },
            packets: { run, observation, _ in choices[run]?.take(observation) })
        for choice in choices.values { choice.finish() }
        let writer = try openOutput(output)
        let names = Self.names(among: first)
        let last = try read(into: writer) { run, observation, point in
            let frame = PacketChoice.Frame(
                point: point, timeNanoseconds: observation.timeNanoseconds, label: observation.headers.label)
            guard let comment = choices[run]?.frames[frame] else { return nil }
            return (names(run, point), comment.map { [$0] } ?? [])
        }
        return Summary(
            packetCount: writer.packetCount, unseenCount: choices.values.reduce(0) { $0 + $1.unseenCount },
            damage: last.damage)
    }

    private func write(to output: String, devices: Set<String>) throws -> Summary {
        var known: Set<String> = []
        let first = try open()
        let names = Self.names(among: first)
        try first.read(
            events: { run, event in
                guard case .vantage(_, let point) = event, point.kind == .link else { return }
                known.insert(Self.name(names(run, point)))
            }, packets: { _, _, _ in })
        if let missing = devices.subtracting(known).min() {
            throw RunError(
                .usage,
                "cannot export packets at \(missing): nothing was recorded there; there is \(known.sorted().prefix(20).joined(separator: ", "))"
            )
        }
        let writer = try openOutput(output)
        let last = try read(into: writer) { run, _, point in
            let named = names(run, point)
            return point.kind == .link && devices.contains(Self.name(named)) ? (named, []) : nil
        }
        return Summary(packetCount: writer.packetCount, damage: last.damage)
    }

    /// Reads the files and writes the packets that `choose` gives a place and comments.
    /// - Returns: the reader, whose files were read.
    private func read(
        into writer: CaptureWriter,
        _ choose: (RunID, borrowing Observation, VantagePoint) -> (point: VantagePoint, comments: [String])?
    ) throws -> RecordingReader {
        let reader = try open()
        var points: [RunID: [VantageID: VantagePoint]] = [:]
        var latest: [RunID: Int64] = [:]
        try reader.read(
            events: { run, event in
                switch event {
                case .vantage(let id, let point): points[run, default: [:]][id] = point
                case .watermark(let time):
                    latest[run] = max(latest[run] ?? .min, time)
                    // What every run has passed.
                    try Self.writing { try writer.flush(before: latest.values.min() ?? .min) }
                default: break
                }
            },
            packets: { run, observation, bytes in
                if latest[run] == nil { latest[run] = .min }
                guard let point = points[run]?[observation.vantage], let chosen = choose(run, observation, point) else {
                    return
                }
                writer.add(
                    bytes, at: observation.timeNanoseconds, originalLength: Int(observation.originalLength),
                    point: chosen.point, comments: chosen.comments)
            })
        try Self.writing { try writer.flush() }
        return reader
    }

    private static func name(_ point: VantagePoint) -> String { "\(point.namespace):\(point.device ?? "")" }

    /// Of several hosts each namespace's name has the host's in front, as in walks.
    private static func names(among reader: RecordingReader) -> (RunID, VantagePoint) -> VantagePoint {
        let hosts = reader.hosts
        return { run, point in
            guard Set(hosts).count > 1, let host = reader.host(of: run)?.label(among: hosts) else { return point }
            var named = point
            named.namespace = "\(host)/\(point.namespace)"
            return named
        }
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }
}
