/// That a walk was not observed on the host: its packet was sent in the twin, a network rebuilt from what was read there.
///
/// Each of its hops then has the evidence `predicted`; what stands beside it says how the hop was seen in the twin.
public struct Prediction: Sendable, Hashable {
    /// What the twin takes for granted, where that decides how the packet fares.
    public struct Assumption: Sendable, Hashable {
        /// `outside-answers`, `hook-order`, `listener-answers`, `random-choice`, …
        public var code: String
        /// The namespace that it is about; nil for the machine.
        public var namespace: String?
        /// A sentence: what is assumed, of what.
        public var text: String
        /// What becomes of the packet where it does not hold, in a few words; nil where that was not tried.
        public var otherwise: String?

        public init(code: String, namespace: String? = nil, text: String, otherwise: String? = nil) {
            self.code = code
            self.namespace = namespace
            self.text = text
            self.otherwise = otherwise
        }
    }

    public var assumptions: [Assumption]

    public init(assumptions: [Assumption] = []) {
        self.assumptions = assumptions
    }
}
