internal import ArgumentParser

/// In what kind of network a packet that failed is tried again.
enum TwinChoice: String, ExpressibleByArgument, CaseIterable {
    /// One that is rebuilt from what was read.
    case auto
    case none
    /// One that the lab's own commands build: to measure experiments apart from rebuilding.
    case lab
    static let allValueStrings = ["auto", "none"]
}

struct ExperimentOptions: ParsableArguments {
    /// To measure: the fixes of findings are left out, so that the catalogue of changes alone must find the cause.
    @Flag(help: .hidden)
    var causeByExperimentAlone = false
}
