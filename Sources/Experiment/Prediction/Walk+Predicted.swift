internal import Observations
internal import WalkModel

extension Exchange {
    func predicted(assuming assumptions: [Prediction.Assumption]) -> Exchange {
        Exchange(
            request: request.predicted(assuming: assumptions),
            reply: reply?.predicted(assuming: assumptions))
    }
}

extension Walk {
    /// Marked as predicted, in each of its hops and in what its findings rest on. What was read of the network's state is
    /// the host's own.
    func predicted(assuming assumptions: [Prediction.Assumption]) -> Walk {
        func marked(_ hop: Hop) -> Hop {
            var hop = hop
            if !hop.evidence.contains(.predicted) { hop.evidence.append(.predicted) }
            return hop
        }
        var walk = self
        walk.prediction = Prediction(assumptions: assumptions)
        walk.hops = hops.map(marked)
        walk.lastSeen = lastSeen.map(marked)
        walk.expectedNext = expectedNext.map(marked)
        for finding in walk.findings.indices {
            for fact in walk.findings[finding].evidence.indices {
                guard let source = walk.findings[finding].evidence[fact].source, source != .state else { continue }
                walk.findings[finding].evidence[fact].source = .predicted
            }
        }
        return walk
    }
}
