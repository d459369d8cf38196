internal import Glibc
internal import LinuxSystem

/// The network that this process is in.
public struct LiveTrial: RemedyTrial {
    private var explainer: Explainer

    public init(_ explainer: Explainer) {
        self.explainer = explainer
        // Whether a fix works is seen by the same packet.
        self.explainer.looksFurther = false
    }

    public mutating func explain() throws -> Explanation {
        // A recording holds the run before the fix.
        defer { explainer.recorder = nil }
        return try explainer.explain()
    }

    /// What the command prints goes to standard error: standard output carries the walks.
    public func run(_ command: String) throws -> Int32 {
        try Command(["sh", "-c", command]).start(output: STDERR_FILENO).wait()
    }
}
