import Network
internal import Observations
public import WalkModel
internal import Wire

/// The connections shown so far. One that went as another did, by the same path to the same server, is told in a line: a
/// program tries again from another port, twenty clients ask one server.
public struct ConnectionRepeats: Sendable {
    /// Whose connection was shown first.
    private var seen: [[String]: String] = [:]
    /// Of different connections; a run that shows more forgets them, and draws one again.
    private static let limit = 4096

    public init() {}

    /// Notes a connection.
    /// - Returns: what is said of one like which another came before: `path as above`, `cause as of web above`; nil of
    ///   the first.
    public mutating func take(_ connection: Connection) -> String? {
        if seen.count > Self.limit { seen.removeAll() }
        let client = connection.client.namespace ?? connection.client.address.description
        let shape = Self.shape(connection)
        guard let first = seen[shape] else {
            seen[shape] = client
            return nil
        }
        return Self.note(connection, like: first == client ? nil : first)
    }

    static func note(_ connection: Connection, like first: String?) -> String {
        let what = connection.hasFailed && !connection.causes.isEmpty ? "cause" : "path"
        return first.map { "\(what) as of \($0) above" } ?? "\(what) as above"
    }

    /// What two must have in common. Times, amounts, ids and the client's port differ; where nothing failed the client may
    /// differ, too, and with it the first devices.
    private static func shape(_ connection: Connection) -> [String] {
        var shape = [
            connection.kind.rawValue, connection.protocol, connection.outcome.rawValue, connection.ending.rawValue,
            connection.server.address.text(port: connection.server.port), connection.server.namespace ?? "",
            connection.host ?? "", connection.lookupCount > 0 ? "DNS" : "", connection.exchanges > 1 ? "" : "1",
        ]
        // The fix may name the client.
        if connection.hasFailed {
            shape += [connection.client.namespace ?? "", connection.client.address.description]
        }
        for cause in connection.causes {
            let finding = cause.finding
            shape += [
                finding.code.rawValue, finding.severity.rawValue, finding.where.namespace ?? "",
                finding.where.device ?? "", finding.where.hook?.rawValue ?? "",
                finding.rule?.name(withHandle: true) ?? "",
            ]
        }
        for translation in connection.translations {
            shape += [
                translation.namespace, translation.change.field.rawValue, translation.change.texts.to ?? "",
                translation.rule?.name(withHandle: true) ?? "",
            ]
        }
        shape += path(connection.example.request, connection)
        if let reply = connection.example.reply { shape += path(reply, connection).reversed() }
        return shape
    }

    private static func path(_ walk: Walk, _ connection: Connection) -> [String] {
        let hops = walk.hops.filter { $0.vantage == .link || $0.vantage == .drop }
        return ["|"]
            + hops.enumerated().filter { index, hop in
                if connection.hasFailed { return true }
                // The client's own devices, and their other ends.
                let neighbours = [index - 1, index + 1].filter(hops.indices.contains).map { hops[$0].namespace }
                return ([hop.namespace] + neighbours).allSatisfy { $0 != connection.client.namespace }
            }.map { "\($0.element.namespace) \($0.element.place)" }
    }
}
