/// A container as its engine tells of it.
struct Container: Sendable, Hashable {
    var name: String
    /// Where its namespace may be entered: the engine's own mount, its first process.
    var paths: [String]
}

enum ContainerEngines {
    static func containers() -> (containers: [Container], warnings: [String]) { ([], []) }
}
