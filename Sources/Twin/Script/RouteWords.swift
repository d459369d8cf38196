internal import Network

/// From what `ip -N -j route` and `ip -N -j rule` print to the words that `ip route add` and `ip rule add` take.
enum RouteWords {
    static func words(_ route: JSONTree) -> [String] {
        var words: [String] = []
        if let kind = route.text("type"), kind != "unicast" { words.append(kind) }
        words.append(route.text("dst") ?? "default")
        if let from = route.text("from") { words += ["from", from] }
        if let tos = route.text("tos"), tos != "0" { words += ["tos", tos] }
        if let object = route.text("nhid") {
            words += ["nhid", object]
        } else if route["nexthops"] == nil {
            words += hop(route)
        }
        for (key, word) in [("table", "table"), ("protocol", "proto"), ("prefsrc", "src"), ("metric", "metric")] {
            if let value = route.text(key) { words += [word, value] }
        }
        // IPv6 routes have none.
        if let scope = route.text("scope"), !(route.text("dst") ?? "").contains(":"), route["pref"] == nil {
            words += ["scope", scope]
        }
        if let seconds = route.text("expires") { words += ["expires", seconds] }
        if let preference = route.text("pref"), preference != "medium" { words += ["pref", preference] }
        if let realm = route.text("realm") ?? route.text("realms") { words += ["realm", realm] }
        if route["nhid"] == nil { words += encapsulation(route) }
        words += metrics(route)
        if route["nhid"] == nil {
            for next in route["nexthops"]?.elements ?? [] {
                words += ["nexthop"] + encapsulation(next) + hop(next)
                if let weight = next.text("weight") { words += ["weight", weight] }
            }
        }
        return words
    }

    private static func hop(_ hop: JSONTree) -> [String] {
        var words: [String] = []
        if let via = hop["via"], let family = via.text("family"), let host = via.text("host") {
            words += ["via", family, host]
        } else if let gateway = hop.text("gateway") {
            words += ["via", gateway]
        }
        if let device = hop.text("dev") { words += ["dev", device] }
        if hop.has("onlink") { words.append("onlink") }
        return words
    }

    private static func encapsulation(_ route: JSONTree) -> [String] {
        guard let kind = route.text("encap") else { return [] }
        var words = ["encap", kind]
        for key in ["id", "src", "dst", "ttl", "tos", "hoplimit", "tc", "mode", "segs"] {
            guard let value = route.text(key), key != "dst" || kind == "ip" || kind == "ip6" else { continue }
            if key == "dst" { continue }
            words += [key, value]
        }
        return words
    }

    private static func metrics(_ route: JSONTree) -> [String] {
        var words: [String] = []
        for element in route["metrics"]?.elements ?? [] {
            let locked = Set((element["locked"]?.elements ?? []).compactMap(\.string))
            for member in element.members where member.key != "locked" {
                guard let value = element.text(member.key) else { continue }
                words += [member.key] + (locked.contains(member.key) ? ["lock"] : []) + [value]
            }
        }
        return words
    }

    static func rule(_ rule: JSONTree) -> [String] {
        var words: [String] = rule["not"] == nil ? [] : ["not"]
        for (key, length, word) in [("src", "srclen", "from"), ("dst", "dstlen", "to")] {
            guard let address = rule.text(key) else { continue }
            words += [word, rule.text(length).map { "\(address)/\($0)" } ?? address]
        }
        for (key, word) in [
            ("tos", "tos"), ("dsfield", "dsfield"), ("iif", "iif"), ("oif", "oif"), ("ipproto", "ipproto"),
            ("tun_id", "tun_id"),
        ] {
            if let value = rule.text(key), !(key == "tos" && value == "0") { words += [word, value] }
        }
        if let mark = rule.text("fwmark") { words += ["fwmark", rule.text("fwmask").map { "\(mark)/\($0)" } ?? mark] }
        for key in ["sport", "dport"] {
            if let start = rule.text("\(key)_start"), let end = rule.text("\(key)_end") {
                words += [key, "\(start)-\(end)"]
            } else if let port = rule.text(key) {
                words += [key, port]
            }
        }
        if let start = rule.text("uid_start"), let end = rule.text("uid_end") {
            words += ["uidrange", "\(start)-\(end)"]
        }
        for key in ["suppress_prefixlen", "suppress_ifgroup"] {
            if let value = rule.text(key) { words += [key, value] }
        }
        words += ["priority", rule.text("priority") ?? "0"]
        if let origin = rule.text("protocol") { words += ["protocol", origin] }
        if let realm = rule.text("flow_to") ?? rule.text("to_tclassid") { words += ["realms", realm] }
        if rule["l3mdev"] != nil {
            words.append("l3mdev")
        } else if let target = rule.text("goto") {
            words += ["goto", target]
        } else if let action = rule.text("action"), action != "lookup", action != "1" {
            words += action == "nop" ? ["nop"] : ["type", action]
        } else if rule["nop"] != nil {
            words.append("nop")
        } else if let table = rule.text("table") {
            words += ["table", table]
        }
        return words
    }
}
