extension Connection {
    /// Why it failed.
    public struct Fault: Sendable, Hashable {
        /// What two connections that failed for the same cause have in common.
        public enum Key: Sendable, Hashable {
            case cause(Finding.CauseName)
            /// Of what no cause was found.
            case outcome(Outcome, place: String?)
        }

        public var key: Key
        /// Nil where no cause was found.
        public var finding: Finding?
        public var severity: Finding.Severity
        public var message: String
        /// Packets with it.
        public var count: UInt64
        /// When the first and the last packet with it was sent, in nanoseconds since 1970.
        public var firstNanoseconds: Int64
        public var lastNanoseconds: Int64
    }

    /// The proven causes, else the first possible one, else where its packets ended. Empty where it did not fail.
    public var faults: [Fault] {
        // What would also block, were the cause not there, has broken nothing yet.
        var found = causes.filter { $0.finding.severity == .error }
        if found.isEmpty, hasFailed { found = Array(causes.filter { $0.finding.severity == .warning }.prefix(1)) }
        if found.isEmpty, hasFailed {
            let last = example.request.lastSeen ?? example.request.hops.last
            let place = last.map { "\($0.namespace) \($0.place)" }
            let words = outcome == .unanswered ? "no reply" : outcome.rawValue
            let message = "\(words)\(place.map { ", last seen at \($0)" } ?? ""): no cause found"
            return [
                Fault(
                    key: .outcome(outcome, place: place), finding: nil, severity: .warning, message: message,
                    count: failures, firstNanoseconds: startNanoseconds, lastNanoseconds: endNanoseconds)
            ]
        }
        return found.map { cause in
            Fault(
                key: .cause(cause.finding.causeName), finding: cause.finding, severity: cause.finding.severity,
                message: cause.finding.message, count: cause.count, firstNanoseconds: cause.firstNanoseconds,
                lastNanoseconds: cause.lastNanoseconds)
        }
    }
}
