/// All that a frame could reach on its link-layer segment, whether or not something is in the way.
public struct Segment: Sendable, Hashable {
    /// In the order of the search: depth first, ports by index.
    public var paths: [LayerTwoPath]

    public init(paths: [LayerTwoPath]) {
        self.paths = paths
    }
}
