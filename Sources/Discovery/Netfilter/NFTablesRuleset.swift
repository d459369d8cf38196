internal import Network

/// Tables as libnftables lists them, its JSON and its text brought together by the rules' handles.
///
/// The JSON (libnftables-json(5)) tells chains, order and expressions; the text is what a reader knows, and keeps what
/// the JSON has no form for (`xt` expressions).
struct NFTablesRuleset: Sendable {
    var chains: [RuleChain] = []
    var sets: [NamedSet] = []
    var listing: NFTablesListing

    /// Throws `MalformedJSON`.
    init(json: [UInt8], text: [UInt8] = []) throws(MalformedJSON) {
        listing = NFTablesListing(text)
        var positions: [ChainKey: Int] = [:]
        guard let objects = try JSONTree(parsing: json, passingOver: "elem")["nftables"] else {
            throw MalformedJSON(offset: 0, reason: "no ruleset")
        }
        for object in objects.elements {
            if let chain = object["chain"] {
                guard var value = Self.chain(chain) else { continue }
                let key = ChainKey(family: value.family, table: value.table, chain: value.name)
                if value.device == nil { value.device = listing.devices[key] }
                if positions[key] == nil {
                    positions[key] = chains.count
                    chains.append(value)
                }
            } else if let rule = object["rule"] {
                guard let family = rule["family"]?.string.map(TableFamily.init(rawValue:)),
                    let table = rule["table"]?.string,
                    let chain = rule["chain"]?.string
                else { continue }
                let key = ChainKey(family: family, table: table, chain: chain)
                guard let position = positions[key] else { continue }
                chains[position].rules.append(
                    Self.rule(
                        rule, json: json, texts: listing.rules[key] ?? [:],
                        position: chains[position].rules.count + 1))
            } else if let set = object["set"] {
                sets += [Self.set(set, isMap: false, json: json)].compactMap { $0 }
            } else if let map = object["map"] {
                sets += [Self.set(map, isMap: true, json: json)].compactMap { $0 }
            }
        }
    }

    private static func set(_ value: JSONTree, isMap: Bool, json: [UInt8]) -> NamedSet? {
        guard let family = value["family"]?.string.map(TableFamily.init(rawValue:)), let table = value["table"]?.string,
            let name = value["name"]?.string
        else { return nil }
        let elements = value.member("elem").map { JSONTree.compact(json[$0.range]) }
        return NamedSet(family: family, table: table, name: name, isMap: isMap, elements: elements ?? "[]")
    }

    private static func chain(_ value: JSONTree) -> RuleChain? {
        guard let family = value["family"]?.string.map(TableFamily.init(rawValue:)), let table = value["table"]?.string,
            let name = value["name"]?.string
        else { return nil }
        var chain = RuleChain(backend: .nft, family: family, table: table, name: name)
        chain.hook = value["hook"]?.string.map(NetfilterHook.init(rawValue:))
        chain.priority = value["prio"]?.integer.map { Int($0) }
        chain.kind = value["type"]?.string.map(ChainKind.init(rawValue:))
        chain.policy = value["policy"]?.string.map(Verdict.init(rawValue:))
        let devices = value["dev"].map { $0.string.map { [$0] } ?? $0.elements.compactMap(\.string) } ?? []
        if !devices.isEmpty { chain.device = devices.joined(separator: ",") }
        return chain
    }

    private static func rule(_ value: JSONTree, json: [UInt8], texts: [UInt64: String], position: Int) -> Rule {
        var rule = Rule(position: position, text: "")
        rule.handle = value["handle"]?.integer.flatMap { UInt64(exactly: $0) }
        rule.comment = value["comment"]?.string
        if let expressions = value.member("expr") {
            rule.expressions = JSONTree.compact(json[expressions.range])
            for expression in expressions.value.elements {
                guard let counter = expression["counter"] else { continue }
                // A named counter is a string here.
                rule.packets = counter["packets"]?.integer.flatMap { UInt64(exactly: $0) }
                rule.bytes = counter["bytes"]?.integer.flatMap { UInt64(exactly: $0) }
            }
        }
        rule.text = rule.handle.flatMap { texts[$0] } ?? rule.expressions ?? ""
        return rule
    }
}
