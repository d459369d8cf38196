internal import Observations
internal import WalkModel
internal import Wire

/// Where sightings were lost, a packet that was not seen any further may have gone on, and a reply that was not seen may have come.
extension Exchange {
    /// The same, where nothing but the missing sightings speaks of a loss: its packets are then incomplete, and not lost.
    var withoutDoubtfulLoss: Exchange {
        guard request.findings.allSatisfy({ Self.restsOnAbsence.contains($0.code) }) else { return self }
        var result = self
        if request.lacksSightings { result.request.leaveIncomplete() }
        if let reply, reply.lacksSightings {
            result.reply?.leaveIncomplete()
            result.request.findings = []
        }
        if reply == nil, !request.hasStopped, request.losses.contains(where: \.isOfSightings) {
            result.request.findings = []
        }
        return result
    }

    /// What is said for want of sightings alone.
    private static let restsOnAbsence: Set<FindingCode> = ["lost-unexplained", "no-answer"]
}

/// The flow of a packet, and where it was last seen.
struct IncompleteEnd: Hashable {
    private let kind: String
    private let source: IPAddress
    private let destination: IPAddress
    private let ports: [UInt16?]
    private let last: String?
    private let replyEnd: String?

    init(_ exchange: Exchange) {
        let request = exchange.request
        kind = request.protocol
        source = request.source
        destination = request.destination
        ports = [request.sourcePort, request.destinationPort]
        last = request.hops.last?.fullPlace
        replyEnd = exchange.reply?.hops.last?.fullPlace
    }
}

extension Walk {
    var lacksSightings: Bool { outcome == .lost && losses.contains(where: \.isOfSightings) }

    fileprivate mutating func leaveIncomplete() {
        outcome = .left
        cutOff = .losses
        expectedNext = nil
        findings = []
    }
}
