import Network
internal import Observations
public import WalkModel
internal import Wire

/// The connections shown so far. One that took the same path between the same two, and went as another did, is told in a
/// line: a program tries again from another port, twenty clients ask one server.
public struct ConnectionRepeats: Sendable {
    private var seen: Set<[String]> = []
    /// Of different connections; a run that shows more forgets them, and draws one again.
    private static let limit = 4096

    public init() {}

    /// Notes a connection.
    /// - Returns: whether one like it came before.
    public mutating func take(_ connection: Connection) -> Bool {
        if seen.count > Self.limit { seen.removeAll() }
        return !seen.insert(Self.shape(connection)).inserted
    }

    /// What two must have in common. Times, amounts, ids and the client's port differ.
    private static func shape(_ connection: Connection) -> [String] {
        var shape = [
            connection.kind.rawValue, connection.protocol, ConnectionHeadline.subject(connection), connection.outcome.rawValue,
            connection.client.address.description, connection.host ?? "",
        ]
        for cause in connection.causes {
            let finding = cause.finding
            shape += [
                finding.code.rawValue, finding.severity.rawValue, finding.where.namespace ?? "", finding.where.device ?? "",
                finding.where.hook?.rawValue ?? "", finding.rule?.name ?? "",
            ]
        }
        for walk in [connection.example.request, connection.example.reply].compactMap(\.self) {
            shape.append("|")
            for hop in walk.hops where hop.vantage == .link || hop.vantage == .drop {
                shape.append("\(hop.namespace) \(hop.place)")
            }
        }
        return shape
    }
}
