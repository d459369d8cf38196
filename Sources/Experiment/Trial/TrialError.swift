/// Why a trial gave no result: one line that says what was attempted, on what, and why it failed.
public struct TrialError: Error, Sendable, Codable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable, Codable {
        /// The machine allows no sandbox, or lacks a program.
        case lacking
        /// The network could not be rebuilt.
        case script
        /// A change failed: `changeIndex` says which.
        case change
        /// The packet can't be sent as asked for.
        case packet
        /// The time for it was up.
        case late
        /// The trial's process ended without a result.
        case broken
    }

    public var kind: Kind
    public var description: String
    /// Among the changes of the trial, from 0.
    public var changeIndex: Int?

    public init(_ kind: Kind, _ description: String, changeIndex: Int? = nil) {
        self.kind = kind
        self.description = description
        self.changeIndex = changeIndex
    }
}
