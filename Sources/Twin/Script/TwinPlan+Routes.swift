internal import Network
internal import Snapshot
internal import Wire

/// Routes of all tables, next hop objects, rules of policy routing, neighbours.
extension TwinPlan {
    func addRoutes(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        text.feed("ip_batch", in: name, namespace.nexthops.compactMap(nexthopLine))
        for (family, routes) in [("-4", namespace.routes.ipv4), ("-6", namespace.routes.ipv6)] {
            text.feed("ip\(family.dropFirst())_batch", in: name, routeLines(routes, family, namespace))
        }
        for (family, rules) in [("-4", namespace.rules.ipv4), ("-6", namespace.rules.ipv6)] {
            text.feed("ip\(family.dropFirst())_batch", in: name, ruleLines(rules, family))
        }
        text.feed("ip_batch", in: name, namespace.neighbours.compactMap(neighbourLine))
    }

    // MARK: Routes

    private func routeLines(_ routes: [JSONTree], _ family: String, _ namespace: NamespaceSnapshot) -> [String] {
        // What addresses bring with them is there already; what of it is missing was taken away.
        let own = Set(routes.filter { $0.text("protocol") == "2" }.compactMap { Self.destination($0) })
        var lines = connected(family, namespace).filter { !own.contains($0.key) }.compactMap { route in
            batchLine(["route", "del", route.prefix, "dev", route.device])
        }
        let brought = Set(connected(family, namespace).map(\.key))
        let wanted = routes.filter { route in
            guard route.text("protocol") == "2" else { return true }
            // Local and broadcast routes, and those to groups, come and go with addresses and devices.
            if route.text("table") == "255" || route.text("type") != "unicast" { return false }
            return Self.destination(route).map { !brought.contains($0) } ?? true
                && !(route.text("dst")?.hasPrefix("ff00::") ?? false)
        }
        let ordered = wanted.filter { !hasGateway($0) } + wanted.filter { hasGateway($0) }
        for route in ordered {
            let words = ["route", "add"] + RouteWords.words(route)
            guard let line = batchLine(words) else { continue }
            let lost = lostGateways(of: route, family, namespace, routes)
            // The kernel takes a gateway only where it is on a link. This one was, once.
            let way = lost.compactMap { batchLine(["route", "add", $0.prefix, "dev", $0.device, "table", "254"]) }
            let back = lost.compactMap { batchLine(["route", "del", $0.prefix, "dev", $0.device, "table", "254"]) }
            lines += way + [line] + back
        }
        return lines
    }

    private struct Connected: Hashable {
        var prefix: String
        var device: String
        var key: String { "\(prefix) \(device)" }
    }

    private static func destination(_ route: JSONTree) -> String? {
        guard let prefix = route.text("dst"), let device = route.text("dev") else { return nil }
        let length = prefix.contains("/") || prefix == "default" ? "" : prefix.contains(":") ? "/128" : "/32"
        return "\(prefix)\(length) \(device)"
    }

    /// The routes to links that the kernel makes for addresses on devices that are up.
    private func connected(_ family: String, _ namespace: NamespaceSnapshot) -> [Connected] {
        let up = Set(namespace.links.filter { $0.has("UP") }.compactMap { $0.text("ifname") })
        var found: [Connected] = []
        for address in namespace.addresses where (address.text("family") == "inet") == (family == "-4") {
            guard let device = address.text("ifname"), up.contains(device), device != "lo",
                !address.has("noprefixroute"), !address.has("dadfailed"), !address.has("secondary"),
                let length = address.number("prefixlen").flatMap({ UInt8(exactly: $0) }),
                let text = address.text("address") ?? address.text("local"), let base = IPAddress(text)
            else { continue }
            // IPv4 makes none to a single address, unless it is a peer's; IPv6 makes one.
            let isSingle = length == (base.isIPv4 ? 32 : 128)
            if isSingle, base.isIPv4, address.text("address") == nil { continue }
            guard let prefix = Self.prefix("\(base)/\(length)") else { continue }
            let one = Connected(prefix: "\(prefix.network)", device: device)
            if !found.contains(one) { found.append(one) }
        }
        return found
    }

    private func hasGateway(_ route: JSONTree) -> Bool {
        route["gateway"] != nil || route["via"] != nil || route["nexthops"] != nil || route["nhid"] != nil
    }

    /// Gateways that no address and no route to a link reaches any more.
    private func lostGateways(
        of route: JSONTree, _ family: String, _ namespace: NamespaceSnapshot, _ routes: [JSONTree]
    ) -> [Connected] {
        let hops = route["nexthops"]?.elements ?? [route]
        return hops.compactMap { hop -> Connected? in
            guard !hop.has("onlink"), let text = hop.text("gateway"), let gateway = IPAddress(text),
                let device = hop.text("dev"), gateway.isIPv4 == (family == "-4"),
                // Link-local gateways are on the link by themselves.
                !text.hasPrefix("fe8")
            else { return nil }
            let reachable = routes.contains { other in
                guard !hasGateway(other), other.text("dev") == device, other.text("type") == "unicast",
                    let prefix = Self.prefix(other.text("dst"))
                else { return false }
                return prefix.contains(gateway)
            }
            return reachable ? nil : Connected(prefix: "\(text)/\(gateway.isIPv4 ? 32 : 128)", device: device)
        }
    }

    private static func prefix(_ text: String?) -> IPPrefix? {
        guard let text, text != "default" else { return nil }
        let parts = text.split(separator: "/")
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        let length = parts.count > 1 ? Int(parts[1]) : address.isIPv4 ? 32 : 128
        return length.flatMap { IPPrefix(address, length: $0) }
    }

    private func nexthopLine(_ hop: JSONTree) -> String? {
        guard let id = hop.text("id") else { return nil }
        var words = ["nexthop", "add", "id", id]
        if let group = hop["group"]?.elements, !group.isEmpty {
            let members = group.compactMap { member in
                member.text("id").map { id in member.text("weight").map { "\(id),\($0)" } ?? id }
            }
            words += ["group", members.joined(separator: "/")]
            if hop.text("type") == "resilient" {
                words += ["type", "resilient"]
                if let buckets = hop["resilient_args"]?.text("buckets") { words += ["buckets", buckets] }
            }
        } else if hop.has("blackhole") {
            words.append("blackhole")
        } else {
            if let gateway = hop.text("gateway") { words += ["via", gateway] }
            if let device = hop.text("dev") { words += ["dev", device] }
            if hop.has("onlink") { words.append("onlink") }
        }
        if hop.has("fdb") { words.append("fdb") }
        if let origin = hop.text("protocol") { words += ["proto", origin] }
        return batchLine(words)
    }

    // MARK: Rules

    /// The rules that every new namespace has.
    private static func ordinary(_ family: String) -> [(priority: String, table: String)] {
        [("0", "255"), ("32766", "254")] + (family == "-4" ? [("32767", "253")] : [])
    }

    private func ruleLines(_ rules: [JSONTree], _ family: String) -> [String] {
        var left = rules
        var lines: [String] = []
        for (priority, table) in Self.ordinary(family) {
            let plain = left.firstIndex { rule in
                rule.text("priority") == priority && rule.text("table") == table
                    && rule.members.allSatisfy { ["priority", "table", "src", "protocol"].contains($0.key) }
            }
            if let plain {
                left.remove(at: plain)
            } else {
                lines.append("rule del priority \(priority)")
            }
        }
        return left.compactMap { batchLine(["rule", "add"] + RouteWords.rule($0)) } + lines
    }

    // MARK: Neighbours

    /// Sends something to each neighbour of a bridge that was reached lately. Until then the kernel has no header ready for it, and
    /// what is translated to it within the bridge takes another path. (A trial does it by itself.)
    mutating func addUse(_ text: inout ScriptText) {
        guard options.makesSandbox else { return }
        let uses = places.map { place -> (name: String?, lines: [String]) in
            let bridges = Set(
                place.namespace.links.filter { Self.kind(of: $0) == "bridge" }.compactMap { $0.text("ifname") })
            let lines = place.namespace.neighbours.compactMap { neighbour -> String? in
                guard let device = neighbour.text("dev"), bridges.contains(device), !neighbour.has("proxy"),
                    neighbour["state"]?.elements.contains(where: { $0.string == "REACHABLE" }) == true,
                    let address = neighbour.text("dst").flatMap({ IPAddress($0) })
                else { return nil }
                return "\(device) \(address)"
            }
            return (place.name, lines)
        }
        guard uses.contains(where: { !$0.lines.isEmpty }) else { return }
        text.blank()
        text.comment("Neighbours of bridges, to which something was sent lately: a ping, which nobody is to answer.")
        let switches = ["net.ipv4.icmp_echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"]
        for place in places { text.feed("settings", in: place.name, switches.map { "\($0) = 1" }) }
        for use in uses { text.feed("used", in: use.name, use.lines) }
        for place in places {
            let values = switches.map { place.namespace.sysctls[$0] == "1" ? "\($0) = 1" : "\($0) = 0" }
            text.feed("settings", in: place.name, values)
        }
    }

    private func neighbourLine(_ neighbour: JSONTree) -> String? {
        guard let address = neighbour.text("dst"), let device = neighbour.text("dev") else { return nil }
        if neighbour.has("proxy") { return batchLine(["neigh", "add", "proxy", address, "dev", device]) }
        let states = (neighbour["state"]?.elements ?? []).compactMap(\.string)
        // One that did not answer: of several gateways the kernel prefers others. The next packet asks it anew. (One that is being
        // asked just now can't be made: the kernel would wait for it for ever.)
        if states.first == "FAILED" { return batchLine(["neigh", "replace", address, "dev", device, "nud", "failed"]) }
        guard let mac = neighbour.text("lladdr") else { return nil }
        // Groups have a hardware address by rule.
        if states.contains("NOARP"),
            address.hasPrefix("ff") || (address.split(separator: ".").first.flatMap { Int($0) } ?? 0) >= 224
        {
            return nil
        }
        let state: String
        switch states.first {
        case "PERMANENT": state = "permanent"
        case "NOARP": state = "noarp"
        case "REACHABLE": state = "reachable"
        // Whether it is still there is asked: a bridge hands what is translated to it on through its own device. The kernel
        // lets nobody set the two states between, which last some seconds.
        case "STALE", "DELAY", "PROBE": state = "stale"
        default: return nil
        }
        var words = ["neigh", "replace", address, "lladdr", mac, "dev", device, "nud", state]
        if neighbour.has("router") { words.append("router") }
        if neighbour.has("extern_learn") { words.append("extern_learn") }
        return batchLine(words)
    }
}
