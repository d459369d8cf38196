internal import Glibc
internal import Network
internal import Probes
public import Snapshot
internal import Twin
internal import WalkModel
internal import Wire

/// Tries expectations in the twin of a snapshot.
public struct Checker: Sendable {
    /// How one expectation came out.
    public struct Result: Sendable, Hashable {
        public var expectation: Expectation
        public var holds: Bool
        /// What happened, in a few words: `answered`, `dropped by nft inet filter forward 3 in host`.
        public var happened: String
    }

    /// So many expectations that fail are explained; of the others stands what the sender got to know.
    public var explanationLimit = 20
    public var waitMilliseconds = 500
    private let snapshot: HostSnapshot
    private let trials: any PacketTrials
    private let changes: [TrialChange]

    public init(_ snapshot: HostSnapshot, changes: [TrialChange] = [], program: String? = nil) {
        self.init(snapshot, trials: Trial(snapshot: snapshot, program: program), changes: changes)
    }

    init(_ snapshot: HostSnapshot, trials: any PacketTrials, changes: [TrialChange] = []) {
        self.snapshot = snapshot
        self.trials = trials
        self.changes = changes
    }

    /// All packets are sent in one twin. Throws `ExpectationError` for a line that names what is not there, else
    /// `TrialError`.
    public func check(_ expectations: [Expectation]) throws -> [Result] {
        let packets = try expectations.map(packets)
        let options = TrialOptions(waitMilliseconds: waitMilliseconds)
        let answers = try trials.send(packets.flatMap(\.self), changes: changes, options: options).answers
        var results: [Result] = []
        var offset = 0
        var explained = 0
        for (expectation, own) in zip(expectations, packets) {
            let given = answers[offset..<(offset + own.count)]
            offset += own.count
            let arrived = given.contains(where: \.isAnswered)
            if arrived == expectation.reaches {
                results.append(Result(expectation: expectation, holds: true, happened: words(given)))
                continue
            }
            explained += 1
            guard explained <= explanationLimit else {
                results.append(Result(expectation: expectation, holds: false, happened: words(given)))
                continue
            }
            let index = given.firstIndex(where: \.isAnswered) ?? given.startIndex
            results.append(try explain(expectation, own[index - given.startIndex]))
        }
        return results
    }

    /// Alone in a twin of its own: what other packets left behind speaks for nothing.
    private func explain(_ expectation: Expectation, _ packet: TrialPacket) throws(TrialError) -> Result {
        let found = try trials.explain(
            packet.request, from: packet.from, changes: changes,
            options: TrialOptions(waitMilliseconds: 1000))
        let exchange = found.exchanges.first { !$0.arrived } ?? found.exchanges.first
        // A datagram that is taken and has no answer has arrived; but here a program's answer was waited for.
        let arrived = found.arrived && exchange?.reply != nil
        var happened = found.fate
        if arrived, let rule = exchange?.request.permission { happened += ", accepted by \(rule)" }
        return Result(expectation: expectation, holds: arrived == expectation.reaches, happened: happened)
    }

    private func words(_ answers: ArraySlice<TrialAnswer>) -> String {
        (answers.first(where: \.isAnswered) ?? answers.first)?.words ?? "nothing was sent"
    }

    // MARK: - What to send

    private func packets(_ expectation: Expectation) throws(ExpectationError) -> [TrialPacket] {
        let names = snapshot.namespaces.map(\.name)
        func failure(_ name: String, _ what: String) -> ExpectationError {
            let near = names.nearest(to: name).map { ": did you mean \($0)?" }
            let choice = near ?? "; there is: \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", …" : "")"
            return ExpectationError(line: expectation.line, problem: "no namespace “\(name)” to \(what)\(choice)")
        }
        guard let sender = snapshot[namespace: expectation.from] else { throw failure(expectation.from, "send from") }
        let addresses: [IPAddress]
        switch expectation.target {
        case .address(let address): addresses = [address]
        case .name(let name):
            guard let namespace = snapshot[namespace: name] else { throw failure(name, "reach") }
            let families = Set(sender.globalAddresses.map(\.family))
            addresses = namespace.globalAddresses.filter { families.contains($0.family) }
            guard !addresses.isEmpty else {
                throw ExpectationError(
                    line: expectation.line, problem: "\(name) has no address that \(expectation.from) could send to")
            }
        }
        return addresses.map { address in
            let kind: PacketRequest.Kind =
                switch expectation.kind {
                case .icmp: .echo
                case .tcp(let port): .tcp(port)
                case .udp(let port): .udp(port)
                }
            return TrialPacket(from: expectation.from, PacketRequest(kind: kind, destination: address))
        }
    }
}

extension NamespaceSnapshot {
    /// Of scope global, in the kernel's order.
    fileprivate var globalAddresses: [IPAddress] {
        addresses.compactMap { tree in
            // `ip -N` writes 0.
            guard ["0", "global"].contains(tree["scope"]?.string) else { return nil }
            return tree["local"]?.string.flatMap { IPAddress($0) }
        }
    }
}

extension TrialAnswer {
    /// In a few words.
    var words: String {
        switch self {
        case .answered: "answered"
        case .refused(let number, let byICMP):
            String(cString: strerror(number)) + (byICMP ? " (told by ICMP)" : "")
        case .unsent(let number): "not sent: \(String(cString: strerror(number)))"
        case .silent: "no answer"
        }
    }
}

extension Walk {
    /// The last rule that accepted it.
    fileprivate var permission: String? {
        for hop in hops.reversed() {
            if let rule = hop.rules.last(where: { $0.verdict == .accept }) {
                return "\(rule.name(withHandle: false)) in \(hop.namespace)"
            }
        }
        return nil
    }
}
