internal import Observations
internal import Wire

/// One file, or the files of one ring one behind the other, read as one stream.
final class RecordingStream {
    private var sources: [RecordingSource]
    private var files: [(run: RunID, number: Int?)]
    private var position = 0
    /// Gives the file that is written after the last one, read as far as its first event or packet; nil where there is none.
    private let findNext: () -> RecordingSource?

    /// - Parameter sources: of one run, each read as far as its first event or packet.
    init(_ sources: [RecordingSource], next: @escaping () -> RecordingSource? = { nil }) {
        self.sources = sources.sorted { ($0.header?.file ?? 0) < ($1.header?.file ?? 0) }
        files = self.sources.map { ($0.run, $0.header?.file) }
        findNext = next
        isFiltered = self.sources.first?.header?.filtered == true
        settle()
    }

    let isFiltered: Bool
    /// The file being read.
    var source: RecordingSource { sources[position] }
    var step: RecordingSource.Step { source.step }
    var damage: [RecordingError] { sources.flatMap(\.damage) }
    var unread: [UnreadInterface] { sources.flatMap(\.unreadInterfaces) }
    /// Whether one of the files holds nothing but packets that are not read.
    var hasUnreadFile: Bool { sources.contains { !$0.hasReadable && !$0.unreadInterfaces.isEmpty } }
    /// The files with the one link type of each.
    var linkTypes: [(path: String, linkType: LinkType)] {
        sources.compactMap { source in source.onlyLinkType.map { (source.point.path, $0) } }
    }

    func advance() {
        _ = source.advance()
        settle()
    }

    /// Gives packet after packet, the one at hand first, until something else comes.
    func readPackets(
        into observation: inout Observation, _ body: (RunID, borrowing Observation, RawSpan) throws -> Void
    ) rethrows {
        _ = try source.readPackets(into: &observation, body)
        settle()
    }

    /// Goes on to the next file where one has ended.
    private func settle() {
        while source.step == .end, position + 1 < sources.count || addNext() {
            position += 1
            // What a file repeats of the one before it was read there.
            let (before, now) = (files[position - 1], files[position])
            guard let number = before.number, now.number == number + 1, now.run == before.run else { continue }
            source.skipsRepeated = true
            // The first event was read before that was known.
            if source.step == .event, source.isRepeated { _ = source.advance() }
        }
    }

    private func addNext() -> Bool {
        guard let next = findNext() else { return false }
        sources.append(next)
        files.append((next.run, next.header?.file))
        // A ring may go on for weeks.
        if sources.count > Self.keptCount, sources[position - Self.keptCount / 2].damage.isEmpty {
            sources.remove(at: position - Self.keptCount / 2)
            files.remove(at: position - Self.keptCount / 2)
            position -= 1
        }
        return true
    }

    /// Files that have been read and are still known.
    private static let keptCount = 64
}
