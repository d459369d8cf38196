import WalkModel

extension WalkLoss {
    /// What was lost, and what that means for the walk.
    var sentence: String {
        "\(vantage): \(lost) event\(lost == 1 ? "" : "s") lost; \(missing) is inconclusive"
    }
}
