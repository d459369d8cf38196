import Observations
import WalkModel

extension WalkLoss {
    /// What was lost, and what that means for the walk.
    var sentence: String {
        let events = "\(lost) event\(lost == 1 ? "" : "s")"
        guard vantage.hasPrefix(Loss.ruleTracePrefix) else {
            return "\(vantage): \(events) lost; a hop that is missing there is inconclusive"
        }
        // Above the limit of `--rules` packets are not traced, and counted here.
        return "\(vantage): \(events) not recorded; this packet may not have been traced (--rules all traces every one)"
    }
}
