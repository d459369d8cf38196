internal import Probes

/// Why a run could not begin or go on: one line that says what was attempted, on what, why it failed and what to do.
public struct RunError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// What was asked for makes no sense, or names what is not there.
        case usage
        /// A name has no address: whoever sends there gets no further.
        case notFound
        /// A file that was given can't be read.
        case badInput
        /// The machine lacks something.
        case lacking
        case cannotWrite
        case notPermitted
    }

    public var kind: Kind
    public var description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

extension RunError {
    init(_ error: ProbeError) {
        self.init(error.isPermission ? .notPermitted : error.isUsage ? .usage : .lacking, error.description)
    }
}
