extension Exchange {
    /// Whether the request arrived, and its answer where there was one. An answer shows the arrival of a request whose
    /// last steps can't be seen.
    public var arrived: Bool {
        switch request.outcome {
        case .delivered: reply.map { $0.outcome == .delivered && !$0.isICMPError } ?? !request.awaitsAnswer
        case .left: reply.map { $0.outcome == .delivered && !$0.isICMPError } ?? !request.awaitsAnswer
        case .dropped, .rejected, .lost, .unsent: false
        }
    }
}
