internal import WalkModel

/// How a sighting was tied to the one before it.
struct Join {
    var confidence: Confidence = .exact
    var evidence: JoinEvidence = .label
}
