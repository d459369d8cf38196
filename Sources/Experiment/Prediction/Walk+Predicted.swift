internal import Observations
internal import WalkModel

extension Exchange {
    func predicted(on host: String, assuming assumptions: [Prediction.Assumption]) -> Exchange {
        Exchange(
            request: request.predicted(on: host, assuming: assumptions),
            reply: reply?.predicted(on: host, assuming: assumptions))
    }
}

extension Walk {
    /// Marked as predicted, in each of its hops and in what its findings rest on. What was read of the network's state is
    /// the host's own.
    func predicted(on host: String, assuming assumptions: [Prediction.Assumption]) -> Walk {
        func marked(_ hop: Hop) -> Hop {
            var hop = hop
            if hop.host != nil { hop.host = host }
            if !hop.evidence.contains(.predicted) { hop.evidence.append(.predicted) }
            return hop
        }
        var walk = self
        // It was sent in a sandbox of the machine that predicts.
        if walk.host != nil { walk.host = host }
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
