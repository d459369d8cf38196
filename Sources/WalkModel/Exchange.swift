/// A walk and the walk that answers it.
public struct Exchange: Sendable, Hashable {
    public var request: Walk
    /// Nil where no answer came in time.
    public var reply: Walk?

    public init(request: Walk, reply: Walk? = nil) {
        self.request = request
        self.reply = reply
    }
}
