import Network
import Observations
import WalkModel
import Wire

/// One connection as a row of the live screen.
struct LiveRowText {
    var mark: WalkHeadline.Mark
    var outcome: String
    /// `TCP web → 198.51.100.1:80`
    var subject: String
    /// `host → wan`, `✘ host forward (rule-drop)`
    var path: String
    var rate: String
    var amount: String
    var roundTrip: String

    init(_ row: ConnectionRow) {
        let connection = row.connection
        let headline = ConnectionHeadline(connection)
        mark = headline.mark
        outcome = headline.outcome
        subject = Self.subject(connection)
        path = Self.path(connection)
        rate = row.bytesPerSecond > 0 ? "\(Quantity.bytes(row.bytesPerSecond, short: true))/s" : ""
        amount = Quantity.bytes(connection.sent.bytes &+ connection.received.bytes, short: true)
        roundTrip = connection.roundTrip.map { Durations.text(nanoseconds: $0.averageNanoseconds) } ?? ""
    }

    /// Where the server is the path says.
    static func subject(_ connection: Connection) -> String {
        if connection.lookupCount > 0,
            let lookup = connection.lookups.first(where: { $0.answer?.responseCode != 0 }) ?? connection.lookups.first
        {
            let client = connection.client.namespace ?? connection.client.address.description
            return "DNS \(client) → \(ConnectionText.words(lookup))"
        }
        var plain = connection
        plain.server.namespace = nil
        return ConnectionHeadline.subject(plain)
    }

    /// The namespaces past the client's, or where its packets end and why.
    static func path(_ connection: Connection) -> String {
        let request = connection.example.request
        if connection.hasFailed {
            let code = connection.faults.first?.finding?.code.rawValue
            let stopped = [request, connection.example.reply].compactMap(\.self).first(where: \.hasStopped)
            let place = stopped.flatMap { walk in
                walk.stoppedAt.map(\.fullPlace) ?? walk.lastSeen.map { "\($0.namespace) \($0.place)" }
            }
            let words = [code, place.flatMap { $0.isEmpty ? nil : "at \($0)" }].compactMap(\.self)
            return words.isEmpty ? "no reply" : words.joined(separator: " ")
        }
        var names: [String] = []
        for hop in WalkPath(request).hops where names.last != hop.namespace { names.append(hop.namespace) }
        if names.count > 1, names.first == connection.client.namespace { names.removeFirst() }
        if names == [connection.client.namespace] { return "itself" }
        if request.outcome == .left { names.append("outside") }
        return names.joined(separator: " → ")
    }

    /// All that a filter looks at.
    static func searched(_ connection: Connection) -> String {
        var words = [
            ConnectionHeadline(connection).outcome, connection.outcome.rawValue, connection.ending.rawValue,
            connection.protocol, ConnectionHeadline.subject(connection), subject(connection), path(connection),
            connection.client.address.text(port: connection.client.port),
        ]
        words += connection.causes.map { "\($0.finding.code.rawValue) \($0.finding.message)" }
        words += connection.lookups.compactMap(\.question.name)
        return words.joined(separator: " ")
    }
}
