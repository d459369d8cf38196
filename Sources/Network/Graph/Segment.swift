/// All that a frame could reach on its link-layer segment, whether or not something is in the way.
public struct Segment: Sendable, Hashable {
    /// In the order of the search: depth first, ports by index.
    public var paths: [LayerTwoPath]

    /// Paths to devices that send to nobody: VXLAN devices that have neither a remote nor an FDB entry with one, and tun or tap
    /// devices that no program has open.
    public var deadEnds: [LayerTwoPath]

    public init(paths: [LayerTwoPath], deadEnds: [LayerTwoPath] = []) {
        self.paths = paths
        self.deadEnds = deadEnds
    }
}
