internal import Network

/// From what tc(8) prints of a filter to the words that it takes. (iproute2: tc/f_*.c, tc/m_*.c)
enum FilterWords {
    /// Kinds of which the first element of a priority has no options, and means nothing.
    private static let known: Set = ["u32", "bpf", "matchall", "flower"]

    static func isHeading(_ filter: JSONTree) -> Bool {
        guard let kind = filter.text("kind"), known.contains(kind) else { return false }
        // The root table of a priority, which the kernel makes.
        return filter["options"] == nil || filter["options"]?.text("ht_divisor") == "1"
    }

    static func isProgram(_ filter: JSONTree) -> Bool {
        filter.text("kind") == "bpf" && filter["options"]?["bytecode"] == nil
    }

    /// What follows `filter add dev NAME`; nil for a filter that is not rebuilt.
    static func words(_ filter: JSONTree) -> [String]? {
        guard let kind = filter.text("kind"), let options = filter["options"],
            let protocolName = filter.text("protocol"),
            let condition = condition(kind, options), let actions = actions(options["actions"])
        else { return nil }
        let attach = filter.text("attach") ?? ""
        var words =
            attach == "ingress" || attach == "egress" ? [attach] : ["parent", filter.text("parent") ?? attach]
        words += ["protocol", protocolName]
        if let preference = filter.text("pref") { words += ["pref", preference] }
        if let chain = filter.text("chain"), chain != "0" { words += ["chain", chain] }
        if kind != "u32", let handle = options.text("handle") { words += ["handle", handle] }
        return words + [kind] + condition + actions
    }

    private static func condition(_ kind: String, _ options: JSONTree) -> [String]? {
        let target = (options.text("flowid") ?? options.text("classid")).map { ["classid", $0] } ?? []
        switch kind {
        case "matchall": return target
        case "bpf":
            guard let code = bytecode(options["bytecode"]) else { return nil }
            return ["bytecode", code] + (options.has("direct-action") ? ["direct-action"] : []) + target
        case "u32": return u32(options).map { $0 + target }
        case "flower": return flower(options).map { $0 + target }
        default: return nil
        }
    }

    /// `LENGTH,CODE JT JF K,…`
    private static func bytecode(_ code: JSONTree?) -> String? {
        guard let code, let length = code.text("length") else { return nil }
        let steps = (code["insns"]?.elements ?? []).compactMap { step -> String? in
            let numbers = ["code", "jt", "jf", "k"].compactMap { step.text($0) }
            return numbers.count == 4 ? numbers.joined(separator: " ") : nil
        }
        return "\(steps.count)" == length ? ([length] + steps).joined(separator: ",") : nil
    }

    /// What is compared as bare bytes. Tables that somebody made are not rebuilt, nor what leads to them.
    private static func u32(_ options: JSONTree) -> [String]? {
        let usual: Set = [
            "fh", "order", "key_ht", "bkt", "flowid", "match", "actions", "not_in_hw", "in_hw", "skip_hw", "skip_sw",
        ]
        guard options.members.allSatisfy({ usual.contains($0.key) }), options.text("bkt") ?? "0" == "0",
            // The kernel numbers its own tables from here.
            let table = options.text("key_ht").flatMap({ Int($0, radix: 16) }), table >= 0x800
        else { return nil }
        var words: [String] = []
        for member in options.members where member.key == "match" {
            guard let value = member.value.text("value"), let mask = member.value.text("mask"),
                let offset = member.value.text("off")
            else { return nil }
            let base = member.value.text("offmask") ?? ""
            words += ["match", "u32", "0x\(value)", "0x\(mask)", "at", base + offset]
        }
        return words.isEmpty ? nil : words
    }

    private static func flower(_ options: JSONTree) -> [String]? {
        let usual: Set = [
            "handle", "classid", "indev", "keys", "actions", "not_in_hw", "in_hw", "skip_hw", "skip_sw", "in_hw_count",
        ]
        let keys: Set = [
            "ip_proto", "src_ip", "dst_ip", "src_port", "dst_port", "src_mac", "dst_mac", "vlan_id", "vlan_prio",
            "ip_tos", "ip_ttl", "tcp_flags",
        ]
        guard options.members.allSatisfy({ usual.contains($0.key) }) else { return nil }
        var words = options.text("indev").map { ["indev", $0] } ?? []
        for member in options["keys"]?.members ?? [] where member.key != "eth_type" {
            guard keys.contains(member.key), let value = options["keys"]?.text(member.key) else { return nil }
            words += [member.key, value]
        }
        return words
    }

    private static func actions(_ list: JSONTree?) -> [String]? {
        var words: [String] = []
        for action in list?.elements ?? [] {
            guard let kind = action.text("kind"), let control = action["control_action"]?.text("type") else {
                return nil
            }
            switch kind {
            case "gact":
                guard ["pass", "drop", "continue", "reclassify", "pipe"].contains(control),
                    action["prob"]?.text("random_type") ?? "none" == "none"
                else { return nil }
                words += ["action", control]
            case "mirred":
                guard let way = action.text("direction"), let what = action.text("mirred_action"),
                    let device = action.text("to_dev"), control == (what == "redirect" ? "stolen" : "pipe")
                else { return nil }
                words += ["action", "mirred", way, what, "dev", device]
            default: return nil
            }
        }
        return words
    }
}
