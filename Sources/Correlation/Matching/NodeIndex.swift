internal import WalkModel

/// The nodes of `LookalikeMatcher` by what has to agree for one to follow another: fragments follow fragments of the same
/// datagram and offset, or a whole datagram; a whole one follows its like, or a first fragment.
///
/// Gives what may follow, and little else: each is still to be asked. Its arrays keep their capacity.
struct NodeIndex {
    /// Fewer nodes are compared one by one.
    static let least = 16

    private enum Kind: UInt64 {
        /// By flow, identification and offset; by flow and offset alone.
        case fragment = 1
        case offset
        /// By flow and label; by flow alone.
        case label
        case whole
    }

    private var heads = KeyTable(capacity: 64)
    /// By node, the next one of its narrow and of its wide list; -1 for none.
    private var nextNarrow: ContiguousArray<Int32> = []
    private var nextWide: ContiguousArray<Int32> = []

    private static func key(_ kind: Kind, _ flow: Int32, _ one: UInt64 = 0, _ other: UInt64 = 0) -> UInt64 {
        mix(mix(kind.rawValue << 32 | UInt64(UInt32(bitPattern: flow)), one), other)
    }

    mutating func read(_ nodes: ContiguousArray<LookalikeMatcher.Node>) {
        heads = KeyTable(capacity: nodes.count * 4)
        nextNarrow.removeAll(keepingCapacity: true)
        nextWide.removeAll(keepingCapacity: true)
        for (number, node) in nodes.enumerated() {
            let isFragment = node.label == 0
            let narrow =
                isFragment
                ? Self.key(.fragment, node.flow, UInt64(node.identification), UInt64(node.fragment))
                : Self.key(.label, node.flow, node.label)
            let wide =
                isFragment ? Self.key(.offset, node.flow, UInt64(node.fragment)) : Self.key(.whole, node.flow)
            nextNarrow.append(heads.find(narrow))
            heads.set(narrow, to: Int32(number))
            nextWide.append(heads.find(wide))
            heads.set(wide, to: Int32(number))
        }
    }

    /// Adds what of `flow` may come before a node.
    ///
    /// - Parameter isOneDatagram: all fragments can be of one datagram, whatever their identifications.
    func add(
        before node: LookalikeMatcher.Node, ofFlow flow: Int32, isOneDatagram: Bool,
        to found: inout ContiguousArray<Int32>
    ) {
        if node.label != 0 {
            add(from: Self.key(.label, flow, node.label), nextNarrow, to: &found)
            add(from: Self.key(.offset, flow, 0), nextWide, to: &found)
            return
        }
        if isOneDatagram {
            add(from: Self.key(.offset, flow, UInt64(node.fragment)), nextWide, to: &found)
        } else {
            let key = Self.key(.fragment, flow, UInt64(node.identification), UInt64(node.fragment))
            add(from: key, nextNarrow, to: &found)
        }
        add(from: Self.key(.whole, flow), nextWide, to: &found)
    }

    private func add(
        from key: UInt64, _ next: ContiguousArray<Int32>, to found: inout ContiguousArray<Int32>
    ) {
        var walk = heads.find(key)
        while walk >= 0 {
            found.append(walk)
            walk = next[Int(walk)]
        }
    }
}
