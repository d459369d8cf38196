internal import Network
internal import Observations
internal import WalkModel

/// A rebuilt network calls some namespaces otherwise than the host that it was made from: these give a walk the host's names.
extension Exchange {
    /// - Parameter names: the names to be given, by those that are there.
    func renamingNamespaces(_ names: [String: String]) -> Exchange {
        names.isEmpty
            ? self
            : Exchange(request: request.renamingNamespaces(names), reply: reply?.renamingNamespaces(names))
    }
}

extension Walk {
    func renamingNamespaces(_ names: [String: String]) -> Walk {
        func renamed(_ name: String) -> String { names[name] ?? name }
        func renamed(_ hop: Hop) -> Hop {
            var hop = hop
            hop.namespace = renamed(hop.namespace)
            if let name = hop.route?.namespace { hop.route?.namespace = renamed(name) }
            return hop
        }
        var walk = self
        walk.hops = hops.map(renamed)
        walk.lastSeen = lastSeen.map(renamed)
        walk.expectedNext = expectedNext.map(renamed)
        if let name = stoppedAt?.namespace { walk.stoppedAt?.namespace = renamed(name) }
        walk.findings = findings.map { finding in
            var finding = finding
            finding.where.namespace = finding.where.namespace.map(renamed)
            finding.message = finding.message.replacingWords(names)
            for index in finding.evidence.indices {
                finding.evidence[index].text = finding.evidence[index].text.replacingWords(names)
            }
            for index in finding.checks.indices {
                finding.checks[index].text = finding.checks[index].text.replacingWords(names)
            }
            return finding
        }
        return walk
    }
}

extension Topology {
    func renamingNamespaces(_ names: [String: String]) -> Topology {
        if names.isEmpty { return self }
        var topology = self
        for index in topology.namespaces.indices {
            topology.namespaces[index].name = names[namespaces[index].name] ?? namespaces[index].name
        }
        return topology
    }
}

extension String {
    /// With each whole word that is a key of `words` replaced. A word is what stands between blanks, without the marks
    /// around it.
    func replacingWords(_ words: [String: String]) -> String {
        split(separator: " ", omittingEmptySubsequences: false).map { part in
            let marks: Set<Character> = [",", ".", ";", ":", "(", ")", "“", "”", "\"", "'"]
            let head = part.prefix { marks.contains($0) }
            let rest = part.dropFirst(head.count)
            let tail = String(rest.reversed().prefix { marks.contains($0) }.reversed())
            let word = String(rest.dropLast(tail.count))
            return words[word].map { "\(head)\($0)\(tail)" } ?? String(part)
        }.joined(separator: " ")
    }
}
