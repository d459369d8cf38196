/// What a rule asks of a list of addresses that were seen (`-m recent`, iptables-extensions(8)).
package struct RecentList: Hashable, Sendable {
    package enum Operation: String, Hashable, Sendable {
        /// Notes the address; holds always.
        case set
        case rcheck
        /// As `rcheck`, and notes the address again.
        case update
        case remove
    }

    package var operation: Operation
    /// `DEFAULT` where the rule names none.
    package var name = "DEFAULT"
    package var isDestination = false
    /// Only what was seen within so many seconds counts.
    package var seconds: Double?
    /// Seen at least so often.
    package var hits: Int?
    /// Anything else that decides, as written: a mask of less than the whole address, `--rttl`.
    package var others: [String] = []

    package init(_ operation: Operation) { self.operation = operation }
}
