internal import Observations
internal import Network
internal import WalkModel

extension Hop {
    /// `host mybridge in`, `host forward, filter`.
    var words: String {
        var parts = [namespace]
        if vantage == .netfilter, let hook {
            parts.append(hook.rawValue + (stage.map { ", \($0.rawValue)" } ?? ""))
        } else {
            if let device { parts.append(device) }
            if vantage == .socket { parts.append("socket") }
            if let direction { parts.append(direction.rawValue) }
        }
        return parts.joined(separator: " ")
    }
}
