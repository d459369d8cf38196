public import WalkModel

extension Exchange {
    /// The walks in it.
    public var walkCount: Int { reply == nil ? 1 : 2 }
}
