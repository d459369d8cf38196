import Network
import Ruleset
import Wire

/// What a map says of a namespace below its devices: routes, rules, translations, what its firewall drops, what it forwards.
struct MapFacts {
    /// Whether all of it is said, however much it is.
    let verbose: Bool

    typealias Fact = MapLayout.Fact

    func facts(_ namespace: Namespace) -> [Fact] {
        var facts = routes(namespace) + rules(namespace) + nat(namespace)
        facts += limited(MapFirewall.facts(namespace.netfilter), label: "drops")
        let wires = namespace.links.filter { $0.kind != .loopback && $0.isUp && !MapLayout.others($0).isEmpty }
        if wires.count > 1 {
            let isOn = namespace.settings.forwarding(device: nil, .ipv4)?.isOn
            if isOn == true { facts.append(Fact(label: "", phrases: [Phrase("forwards IPv4", .dim)])) }
            if isOn == false { facts.append(Fact(label: "", phrases: [Phrase("! does not forward IPv4", .caution)])) }
            if namespace.settings.forwarding(device: nil, .ipv6)?.isOn == true {
                facts.append(Fact(label: "", phrases: [Phrase("forwards IPv6", .dim)]))
            }
        }
        let hasBridge = namespace.links.contains { $0.kind == .bridge }
        if hasBridge, namespace.settings.bridgeCallsChains(.ipv4)?.isOn == true {
            facts.append(Fact(label: "", phrases: [Phrase("bridged packets pass iptables too (br_netfilter)", .dim)]))
        }
        return facts
    }

    private func routes(_ namespace: Namespace) -> [Fact] {
        // What an address brings with it is said by the address.
        let told = namespace.routes.filter { route in
            if route.table == .local || [RouteKind.local, .broadcast, .multicast, .anycast].contains(route.kind) {
                return false
            }
            if route.destination.address.isMulticast || route.destination.address.isLinkLocal { return false }
            return verbose || route.origin != .kernel || route.gateway != nil || route.table != .main
        }
        let ordered = told.enumerated().sorted { left, right in
            (left.element.table != .main ? 1 : 0, left.element.destination.length == 0 ? 0 : 1, left.offset)
                < (right.element.table != .main ? 1 : 0, right.element.destination.length == 0 ? 0 : 1, right.offset)
        }.map(\.element)
        let texts = verbose ? ordered.map { Self.text($0) } : Self.gathered(ordered)
        return limited(texts.map { Fact(label: "route", phrases: [Phrase($0)]) }, label: "route")
    }

    /// Of routes that differ in their destination alone one text: `10.0.1.0/24, 10.0.2.0/24 and 7 more via 10.0.10.1 on w11`.
    private static func gathered(_ routes: [Route]) -> [String] {
        var ways: [String] = []
        var members: [String: [Route]] = [:]
        for route in routes {
            let way = text(route, to: "")
            if members[way] == nil { ways.append(way) }
            members[way, default: []].append(route)
        }
        return ways.flatMap { way -> [String] in
            let routes = members[way] ?? []
            if routes.count < 3 { return routes.map { text($0) } }
            let named = routes.prefix(2).map { destination($0) }.joined(separator: ", ")
            return routes.first.map { [text($0, to: "\(named) and \(routes.count - 2) more")] } ?? []
        }
    }

    private static func destination(_ route: Route) -> String {
        route.destination.length == 0 ? "default" : "\(route.destination)"
    }

    /// As ip-route(8) writes it, with `on` for `dev`.
    static func text(_ route: Route) -> String { text(route, to: destination(route)) }

    private static func text(_ route: Route, to destination: String) -> String {
        var words: [String] = route.kind == .unicast ? [] : [route.kind.rawValue]
        if !destination.isEmpty { words.append(destination) }
        if let gateway = route.gateway { words.append("via \(gateway)") }
        if let device = route.device { words.append("on \(device)") }
        if !route.nextHops.isEmpty {
            let hops = route.nextHops.map { hop in
                [hop.gateway.map { "\($0)" }, hop.device.map { "on \($0)" }].compactMap(\.self).joined(separator: " ")
            }
            words.append("via " + hops.joined(separator: " or "))
        }
        if route.table != .main { words.append("(table \(route.table))") }
        return words.joined(separator: " ")
    }

    private func rules(_ namespace: Namespace) -> [Fact] {
        // 0, 32766 and 32767 are there from the start.
        let own = namespace.rules.filter { ![0, 32766, 32767].contains($0.priority) }
        return limited(
            own.map { rule in
                var words: [String] = []
                if let source = rule.source { words.append("from \(source)") }
                if let destination = rule.destination { words.append("to \(destination)") }
                if let mark = rule.mark { words.append("mark 0x\(String(mark, radix: 16))") }
                if let device = rule.inDevice { words.append("in by \(device)") }
                if let device = rule.outDevice { words.append("out by \(device)") }
                words.append(rule.action == .lookup ? "⇒ table \(rule.table)" : rule.action.rawValue)
                return Fact(label: "ip rule", phrases: [Phrase("\(rule.priority): \(words.joined(separator: " "))")])
            }, label: "ip rule")
    }

    private func nat(_ namespace: Namespace) -> [Fact] {
        let own = namespace.netfilter.nat.filter { !$0.rule.isOfDockersResolver }
        let folds = !verbose && own.count < namespace.netfilter.nat.count
        let callers = ChainCallers(namespace.netfilter.compiled, table: "nat")
        let resolver = Fact(label: "", phrases: [Phrase("Docker's embedded DNS at 127.0.0.11", .dim)])
        return (folds ? [resolver] : [])
            + limited(translations(folds ? own : namespace.netfilter.nat, callers), label: "nat")
    }

    /// Rules that say the same here stand in one line: libvirt has one for TCP, one for UDP, and one for all else.
    private func translations(_ rules: [NATRule], _ callers: ChainCallers) -> [Fact] {
        var lines: [(label: String, words: String, rules: [RuleReference])] = []
        for nat in rules {
            let match = conditions(nat, callers)
            let words =
                switch nat.kind {
                case .masquerade: "\(match) ⇒ the outgoing device's address"
                case .redirect: "\(match) ⇒ this namespace itself" + (nat.to.map { ", \($0)" } ?? "")
                default: "\(match) ⇒ \(nat.to ?? "?")"
                }
            let label = nat.kind == .masquerade ? "snat" : nat.kind.rawValue
            if !verbose, let last = lines.last, last.label == label, last.words == words {
                lines[lines.count - 1].rules.append(nat.rule)
            } else {
                lines.append((label, words, [nat.rule]))
            }
        }
        return lines.map { label, words, rules in
            let more = rules.count == 1 ? "" : " and \(rules.count - 1) more"
            let name = rules[0].name(withHandle: verbose) + more
            return Fact(label: label, phrases: [Phrase(words, .translation), Phrase("(\(name))", .dim)])
        }
    }

    /// What a translation asks for, and the jumps to its chain before it: the source of a network stands there.
    private func conditions(_ nat: NATRule, _ callers: ChainCallers) -> String {
        var texts: [String] = []
        if let backend = nat.rule.backend {
            texts = callers.conditions(
                leadingTo: .init(
                    backend: backend, family: nat.rule.family, table: nat.rule.table, name: nat.rule.chain)
            ).map { $0.hasPrefix("-s ") && nat.kind.isSource ? String($0.dropFirst(3)) : $0 }
        }
        if let match = nat.match, !match.isEmpty { texts.append(match) }
        return texts.isEmpty ? "all" : texts.joined(separator: " ")
    }

    /// The first eight, and how many more.
    private func limited(_ facts: [Fact], label: String) -> [Fact] {
        guard !verbose, facts.count > 8 else { return facts }
        return facts.prefix(7) + [
            Fact(label: label, phrases: [Phrase("and \(facts.count - 7) more (-v lists them)", .dim)])
        ]
    }
}
