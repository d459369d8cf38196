import Network

/// The namespaces of a map in the order in which one follows the wires: the one that the tool runs in first, each other one
/// beside those that it is joined to, and names as people count (r2 before r10).
struct MapOrder {
    private let graph: NetworkGraph
    /// For each namespace, those that a wire joins it to, in the natural order of their names.
    private let neighbours: [[Int]]

    init(_ graph: NetworkGraph) {
        self.graph = graph
        let names = graph.topology.namespaces.map(\.name)
        var found = [Set<Int>](repeating: [], count: names.count)
        for device in graph.devices {
            for other in [graph.peer(of: device), graph.lower(of: device)].compactMap(\.self)
            where other.namespace != device.namespace {
                found[device.namespace].insert(other.namespace)
                found[other.namespace].insert(device.namespace)
            }
        }
        neighbours = found.map { set in set.sorted { NaturalOrder.isBefore(names[$0], names[$1]) } }
    }

    /// Positions in the topology.
    func positions() -> [Int] {
        let names = graph.topology.namespaces.map(\.name)
        let natural = names.indices.sorted { NaturalOrder.isBefore(names[$0], names[$1]) }
        // A walk begins where a chain does.
        let ends = natural.filter { neighbours[$0].count == 1 } + natural.filter { neighbours[$0].count != 1 }
        let starts = natural.filter { names[$0] == "host" } + ends
        var seen = [Bool](repeating: false, count: names.count)
        var result: [Int] = []
        for start in parts(starts) {
            var open = [start]
            while let next = open.popLast() {
                if seen[next] { continue }
                seen[next] = true
                result.append(next)
                open += neighbours[next].reversed().filter { !seen[$0] }
            }
        }
        return result
    }

    /// The first start of each part of the network, parts in the natural order of their first names, the host's before all.
    private func parts(_ starts: [Int]) -> [Int] {
        var part = [Int?](repeating: nil, count: neighbours.count)
        var firsts: [Int] = []
        for start in starts where part[start] == nil {
            firsts.append(start)
            var open = [start]
            while let next = open.popLast() {
                if part[next] != nil { continue }
                part[next] = start
                open += neighbours[next]
            }
        }
        return firsts
    }

    /// Lines of namespaces one after the other, at least four of them, where nothing branches between the first and the last.
    func chains() -> [[String]] {
        let names = graph.topology.namespaces.map(\.name)
        var seen: Set<Int> = []
        var chains: [[String]] = []
        for start in positions() where neighbours[start].count != 2 && !neighbours[start].isEmpty {
            for next in neighbours[start] where neighbours[next].count == 2 && !seen.contains(next) {
                var chain = [start, next]
                while let last = chain.last, neighbours[last].count == 2,
                    let on = neighbours[last].first(where: { $0 != chain[chain.count - 2] }), on != start
                {
                    chain.append(on)
                }
                seen.formUnion(chain.dropFirst().dropLast())
                if chain.count >= 4 { chains.append(chain.map { names[$0] }) }
            }
        }
        return chains
    }
}

/// Text with numbers compared as numbers.
enum NaturalOrder {
    static func isBefore(_ left: String, _ right: String) -> Bool {
        var one = left.unicodeScalars[...]
        var other = right.unicodeScalars[...]
        while let a = one.first, let b = other.first {
            if isDigit(a), isDigit(b) {
                let (first, second) = (number(&one), number(&other))
                if first.count != second.count { return first.count < second.count }
                if first != second { return first < second }
            } else {
                if a != b { return a < b }
                one.removeFirst()
                other.removeFirst()
            }
        }
        if one.isEmpty != other.isEmpty { return one.isEmpty }
        return left < right
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// The digits at the beginning, without zeros before them.
    private static func number(_ text: inout Substring.UnicodeScalarView) -> String {
        let digits = text.prefix(while: isDigit)
        text.removeFirst(digits.count)
        return String(String.UnicodeScalarView(digits.drop { $0 == "0" }))
    }
}
