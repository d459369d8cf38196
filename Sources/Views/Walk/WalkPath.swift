import Observations
import WalkModel

/// The line through a walk's tree of hops that is drawn, and the copies that branch off it.
///
/// The line leads to where the packet was taken or stopped, else to the deepest hop. Where the kernel copied the packet
/// (flooding, multicast), every other child of a hop on the line begins a branch.
struct WalkPath {
    /// In order, from the sender on.
    var hops: [Hop] = []
    /// The copies that left the line, by the position in `hops` of the hop that they left at.
    var branches: [Int: [[Hop]]] = [:]

    init(_ walk: Walk) {
        let all = walk.hops
        guard !all.isEmpty else { return }
        var position: [Int: Int] = [:]
        for (place, hop) in all.enumerated() { position[hop.index] = place }
        // A parent stands before its child. Whatever else a file may claim, the hop before takes its place: no cycles.
        var parents: [Int?] = [nil]
        var children: [[Int]] = Array(repeating: [], count: all.count)
        var depths = [0]
        for place in all.indices.dropFirst() {
            var parent = place - 1
            if let index = all[place].parent, let claimed = position[index], claimed < place { parent = claimed }
            parents.append(parent)
            children[parent].append(place)
            depths.append(depths[parent] + 1)
        }
        let leaves = all.indices.filter { children[$0].isEmpty }
        func isEnd(_ hop: Hop) -> Bool {
            hop.vantage == .drop || hop.vantage == .socket && hop.direction == .in
        }
        let leaf = leaves.max { left, right in
            (isEnd(all[left]) ? 1 : 0, depths[left]) < (isEnd(all[right]) ? 1 : 0, depths[right])
        }
        var line: [Int] = []
        var place = leaf
        while let current = place {
            line.append(current)
            place = parents[current]
        }
        line.reverse()
        hops = line.map { all[$0] }
        let onLine = Set(line)
        for (step, current) in line.enumerated() {
            let copies = children[current].filter { !onLine.contains($0) }
            if !copies.isEmpty { branches[step] = copies.map { Self.subtree(of: $0, children).map { all[$0] } } }
        }
    }

    /// A hop and all that follow it, depth first.
    private static func subtree(of root: Int, _ children: [[Int]]) -> [Int] {
        var result: [Int] = []
        var open = [root]
        while let next = open.popLast() {
            result.append(next)
            open += children[next].reversed()
        }
        return result
    }
}
