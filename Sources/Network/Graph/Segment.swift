/// All that a frame could reach on its link-layer segment, whether or not something is in the way.
public struct Segment: Sendable, Hashable {
    /// In the order of the search: depth first, ports by index.
    public var paths: [LayerTwoPath]

    /// Paths to VXLAN devices that send to nobody, since they have neither a remote nor an FDB entry with one.
    public var deadEnds: [LayerTwoPath]

    public init(paths: [LayerTwoPath], deadEnds: [LayerTwoPath] = []) {
        self.paths = paths
        self.deadEnds = deadEnds
    }
}
