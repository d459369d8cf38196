internal import WalkModel

/// How the rows of the live screen are sorted. Rows that are equal in it keep the newest first.
public enum LiveOrder: Sendable, CaseIterable {
    case failures
    case newest
    case rate
    case amount
    case roundTrip
    case name

    /// As the screen names it.
    public var words: String {
        switch self {
        case .failures: "failed first"
        case .newest: "newest"
        case .rate: "rate"
        case .amount: "bytes"
        case .roundTrip: "round trip"
        case .name: "name"
        }
    }

    var next: LiveOrder {
        let all = Self.allCases
        let index = all.firstIndex(of: self) ?? 0
        return all[(index + 1) % all.count]
    }

    func sorted(_ rows: [ConnectionRow]) -> [ConnectionRow] {
        switch self {
        case .failures: by(rows) { $0.connection.hasFailed ? 0 : 1 }
        case .newest: by(rows) { _ in 0 }
        case .rate: by(rows) { -Int64(clamping: $0.bytesPerSecond) }
        case .amount: by(rows) { -Int64(clamping: $0.connection.sent.bytes &+ $0.connection.received.bytes) }
        // What has none comes last.
        case .roundTrip: by(rows) { $0.connection.roundTrip.map { -$0.averageNanoseconds } ?? 1 }
        case .name: by(rows) { ConnectionHeadline.subject($0.connection) }
        }
    }

    private func by<Key: Comparable>(_ rows: [ConnectionRow], _ key: (ConnectionRow) -> Key) -> [ConnectionRow] {
        // Rows are large: what is moved about is their places.
        rows.indices.map { (key: key(rows[$0]), number: rows[$0].number, place: $0) }.sorted {
            $0.key != $1.key ? $0.key < $1.key : $0.number > $1.number
        }.map { rows[$0.place] }
    }
}
