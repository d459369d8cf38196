import Observations
import Network
import TestSupport
import WalkModel

extension SeededGenerator {
    /// Text as nobody should name a thing: escape sequences, overrides, wide and combining characters, line ends.
    mutating func name() -> String {
        let pieces = [
            "\u{1b}[31m", "\u{1b}]0;x\u{7}", "\u{9b}2J", "\r", "\n", "\t", "\u{0}", "\u{7f}", "\u{202e}", "\u{2066}",
            "\u{200b}", "\u{feff}", "\u{2028}", "名前", "가나다", "e\u{301}", "\u{301}", "😀", "👩‍👩‍👧", "<b>&\"'", "|", "`", "\\",
            "]]>", "--", "web", "mynamespace", "a-very-long-name-of-a-container-made-by-a-compose-file-1", " ", "",
        ]
        let count = Int.random(in: 1...3, using: &self)
        return (0..<count).map { _ in pieces.randomElement(using: &self) ?? "" }.joined()
    }

    /// The walk with names of that kind wherever other people's text stands.
    mutating func disguise(_ walk: Walk) -> Walk {
        var copy = walk
        var names: [String: String] = [:]
        func renamed(_ name: String, _ generator: inout SeededGenerator) -> String {
            if let known = names[name] { return known }
            let new = generator.name()
            names[name] = new
            return new
        }
        for place in copy.hops.indices {
            copy.hops[place].namespace = renamed(copy.hops[place].namespace, &self)
            if let device = copy.hops[place].device { copy.hops[place].device = renamed(device, &self) }
            for rule in copy.hops[place].rules.indices { copy.hops[place].rules[rule].text = name() + " " + name() }
            copy.hops[place].route?.matchedRoute = name()
            if Bool.random(using: &self) { copy.hops[place].parent = Int.random(in: -1...30, using: &self) }
            copy.hops[place].confidence = Confidence.allCases.randomElement(using: &self) ?? .exact
            copy.hops[place].joinedBy = JoinBasis.allCases.shuffled(using: &self)
        }
        copy.host = name()
        copy.stoppedAt?.cause = .kernelDrop(reason: DropReason(rawValue: name()), location: name())
        copy.stoppedAt?.namespace = name()
        for place in copy.findings.indices {
            copy.findings[place].message = name() + " " + name()
            copy.findings[place].evidence.append(.state(name()))
            copy.findings[place].remedy?.actions.append(RemedyAction(in: nil, .line(name())))
        }
        copy.losses.append(WalkLoss(vantage: name(), lost: 3))
        copy.outcome = Walk.Outcome.allCases.randomElement(using: &self) ?? .lost
        return copy
    }
}
