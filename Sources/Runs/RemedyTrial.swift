/// A network in which the packet can be sent and a fix be tried: what a `Rehearsal` works on.
public protocol RemedyTrial {
    /// Sends the packet and explains it.
    mutating func explain() throws -> Explanation

    /// Runs a command of a fix. Gives its exit status.
    mutating func run(_ command: String) throws -> Int32
}
