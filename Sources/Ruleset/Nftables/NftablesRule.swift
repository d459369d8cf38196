internal import Network
internal import Wire

/// Reads the expressions of an nftables rule from libnftables' JSON (libnftables-json(5)).
///
/// Any JSON gives steps: an expression that is not understood becomes a condition that can't be evaluated.
struct NftablesRule {
    /// The named sets of the rule's table.
    var sets: NftablesSets

    func steps(_ expressions: JSONTree) -> [CompiledRule.Step] {
        expressions.elements.compactMap { expression in
            if let word = expression.string {
                return RuleBlock(word).map { .action(.block($0)) } ?? step(word, .null)
            }
            return expression.only.map { step($0.key, $0.value) }
        }
    }

    private func step(_ key: String, _ value: JSONTree) -> CompiledRule.Step {
        switch key {
        case "match": .match(NftablesCondition(sets: sets).match(value))
        case "limit", "quota", "ct count", "meter": .match(Match(.limit(key)))
        case "set", "map": Self.update(key, value)
        case "xt": .match(.other(key))
        default: .action(action(key, value))
        }
    }

    /// A set that the packet is added to: the rule goes on unless a statement of the element's, such as a rate, ends it
    /// (nft_dynset_eval), or the packet has no such field.
    private static func update(_ key: String, _ value: JSONTree) -> CompiledRule.Step {
        if value["stmt"]?.elements.isEmpty == false { return .match(Match(.limit(key))) }
        let element = value["elem"]
        let field = element.flatMap { $0["elem"]?["val"] ?? $0["val"] ?? $0 }.map { NftablesSelector.field($0).field }
        guard case .address(_, let family?)? = field else { return .action(.pass(key)) }
        return .match(
            Match(.networkProtocol(isEtherType: false), [.word(family == .ipv4 ? "ipv4" : "ipv6")]))
    }

    private static let passing: [String: RuleAction] = [
        "counter": .counter, "log": .log, "notrack": .noTrack,
    ]
    private static let passingNames: Set = [
        "comment", "continue", "ct helper", "ct timeout", "ct expectation", "flow", "dup", "secmark",
        "last",
    ]

    private func action(_ key: String, _ value: JSONTree) -> RuleAction {
        if let known = Self.passing[key] { return known }
        if Self.passingNames.contains(key) { return .pass(key) }
        switch key {
        case "vmap": return verdictMap(value)
        case "mangle": return mangle(value)
        default: return verdict(key, value) ?? .other(key)
        }
    }

    // MARK: Verdicts

    private static let verdicts: [String: @Sendable (NftablesRule, JSONTree) -> RuleAction?] = [
        "accept": { _, _ in .accept },
        "drop": { _, _ in .drop },
        "return": { _, _ in .return },
        "queue": { _, value in .queue(queue(value)) },
        "tproxy": { _, value in .transparentProxy(proxy(value)) },
        "continue": { _, _ in .pass("continue") },
        "jump": { _, value in value["target"]?.string.map { .jump($0) } },
        "goto": { _, value in value["target"]?.string.map { .goto($0) } },
        "reject": { _, value in .reject(rejection(value)) },
        "masquerade": { .masquerade($0.target($1)) },
        "snat": { .sourceTranslation($0.target($1)) },
        "dnat": { .destinationTranslation($0.target($1)) },
        "redirect": { .redirect($0.target($1)) },
        "fwd": { _, value in .forward(to: value["dev"]?.string) },
    ]

    private func verdict(_ key: String, _ value: JSONTree) -> RuleAction? { Self.verdicts[key]?(self, value) }

    private static func queue(_ value: JSONTree) -> PacketQueue {
        let flags = value["flags"].map { [$0.string].compactMap(\.self) + $0.elements.compactMap(\.string) } ?? []
        var queue = PacketQueue(mayBypass: flags.contains("bypass"))
        if case .numbers(let range)? = value["num"].map({ NftablesSets.value($0, of: .port(nil, nil)) }),
            let low = UInt16(exactly: range.lowerBound), let high = UInt16(exactly: range.upperBound)
        {
            queue.numbers = low...high
        }
        return queue
    }

    private static func proxy(_ value: JSONTree) -> TransparentProxy {
        TransparentProxy(
            port: value["port"]?.integer.flatMap { UInt16(exactly: $0) },
            address: value["addr"]?.string.flatMap { IPAddress($0) })
    }

    private static func rejection(_ value: JSONTree) -> String {
        let type = value["type"]?.string ?? "icmp"
        return type == "tcp reset" ? "tcp-reset" : "\(type) \(value["expr"]?.string ?? "port-unreachable")"
    }

    /// Empty for what is looked up in the packet or in a map.
    private func target(_ value: JSONTree) -> TranslationTarget {
        let field = RuleField.address(.destination, nil)
        var target = TranslationTarget()
        target.family = ["ip": .ipv4, "ip6": .ipv6][value["family"]?.string ?? ""]
        if let address = value["addr"].map({ NftablesSets.value($0, of: field) }), !address.isUnreadable {
            target.addresses = address
        } else if value["addr"] != nil {
            target.isComputed = true
            target.map = value["addr"]?["map"].flatMap { addressMap($0) }
        }
        if case .numbers(let ports)? = value["port"].map({ NftablesSets.value($0, of: .port(nil, nil)) }),
            let low = UInt16(exactly: ports.lowerBound), let high = UInt16(exactly: ports.upperBound)
        {
            target.ports = low...high
        } else if value["port"] != nil {
            target.mayBeAnyPort = true
        }
        return target
    }

    /// Nil for one with other values than addresses, or that is not known.
    private func addressMap(_ value: JSONTree) -> AddressMap? {
        guard let key = value["key"], let data = value["data"],
            let elements = data.string.flatMap(named) ?? data["set"]?.elements
        else { return nil }
        let (field, mask) = NftablesSelector.field(key)
        let entries = elements.compactMap { element -> AddressMap.Entry? in
            let pair = element.elements
            guard pair.count == 2, let address = pair[1].string.flatMap({ IPAddress($0) }) else { return nil }
            return AddressMap.Entry(key: NftablesSets.value(pair[0], of: field), address: address)
        }
        guard entries.count == elements.count else { return nil }
        // `*` stands for what no other key is.
        let ordered = entries.filter { $0.key != .any } + entries.filter { $0.key == .any }
        return AddressMap(field: field, mask: mask, entries: ordered)
    }

    private func mangle(_ value: JSONTree) -> RuleAction {
        let key = value["key"]?.only
        if key?.key == "ct", let body = key?.value, body["key"]?.string == "zone" {
            return .setZone(zone(body["dir"]?.string, value["value"]))
        }
        if key?.key == "ct", key?.value["key"]?.string == "mark" {
            if value["value"]?["meta"]?["key"]?.string == "mark" { return .saveMark(mask: .max) }
            return .write(.connectionMark, value["value"]?.integer.flatMap { UInt64(exactly: $0) })
        }
        if key?.key == "meta", key?.value["key"]?.string == "mark", value["value"]?["ct"]?["key"]?.string == "mark" {
            return .restoreMark(mask: .max)
        }
        if key?.key == "payload" || key?.key == "exthdr" || key?.key == "tcp option", let selector = value["key"] {
            let field = NftablesSelector.field(selector).field
            return .write(
                key?.key == "tcp option" ? .unread(.tcp, nil, "tcp option") : field, number(value["value"], field))
        }
        guard key?.key == "meta", key?.value["key"]?.string == "mark" else {
            return .pass([key?.key, key?.value["key"]?.string].compactMap { $0 }.joined(separator: " "))
        }
        guard let operation = value["value"].flatMap({ Self.mark($0) }) else { return .setMark(nil, mask: .max) }
        return .setMark(operation.value, mask: operation.mask)
    }

    /// A number that is written to a field; nil for an expression.
    private func number(_ value: JSONTree?, _ field: RuleField) -> UInt64? {
        guard case .numbers(let range)? = value.map({ NftablesSets.value($0, of: field) }),
            range.lowerBound == range.upperBound
        else {
            return nil
        }
        return range.lowerBound
    }

    private func zone(_ direction: String?, _ value: JSONTree?) -> ZoneAssignment {
        let directions: [String: ZoneAssignment.Direction] = ["original": .original, "reply": .reply]
        return ZoneAssignment(number(ofZone: value), direction.map { directions[$0] ?? .both } ?? .both)
    }

    /// A number, or a map of numbers: the rule's own, or a named one of its table.
    private func number(ofZone value: JSONTree?) -> ZoneAssignment.Value {
        if let number = value?.integer { return UInt16(exactly: number).map { .number($0) } ?? .unreadable }
        guard let map = value?["map"], let key = map["key"], let data = map["data"],
            let elements = data.string.flatMap(named) ?? data["set"]?.elements
        else { return .unreadable }
        let (field, mask) = NftablesSelector.field(key)
        let entries = elements.compactMap { element -> ZoneAssignment.Entry? in
            let pair = element.elements
            guard pair.count == 2, let number = pair[1].integer.flatMap({ UInt16(exactly: $0) }) else { return nil }
            return ZoneAssignment.Entry(key: NftablesSets.value(pair[0], of: field), number: number)
        }
        return entries.count == elements.count ? .map(field, mask: mask, entries) : .unreadable
    }

    /// The elements of the set or map that `@name` stands for; nil where they are not known.
    private func named(_ text: String) -> [JSONTree]? {
        let name = String(text.dropFirst())
        return text.hasPrefix("@") && !sets.isWritten(name) ? sets.elements(of: name) : nil
    }

    /// A number, or bitwise operations on the packet's mark, as `mark & ~mask ^ value`; nil for anything else.
    private static func mark(_ expression: JSONTree) -> (value: UInt32, mask: UInt32)? {
        if let number = expression.integer { return UInt32(exactly: number).map { ($0, .max) } }
        guard let (operation, operand) = expression.only else { return nil }
        if operation == "meta" { return operand["key"]?.string == "mark" ? (0, 0) : nil }
        let parts = operand.elements
        guard ["|", "&", "^"].contains(operation), parts.count == 2, let old = mark(parts[0]),
            let bits = parts[1].integer.flatMap({ UInt32(exactly: $0) })
        else { return nil }
        switch operation {
        case "|": return (old.value | bits, old.mask | bits)
        case "&": return (old.value & bits, old.mask | ~bits)
        default: return (old.value ^ bits, old.mask)
        }
    }

    private func verdictMap(_ value: JSONTree) -> RuleAction {
        guard let key = value["key"], let data = value["data"] else { return .other("vmap") }
        let (field, mask) = NftablesSelector.field(key)
        let name = data.string.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil }
        guard let elements = data.string.map(named) ?? data["set"]?.elements else {
            return .other("vmap")
        }
        let entries = elements.compactMap { element -> VerdictMap.Entry? in
            let pair = element.elements
            guard pair.count == 2 else { return nil }
            let action = pair[1].only.flatMap { verdict($0.key, $0.value) }
            return VerdictMap.Entry(
                key: NftablesSets.value(pair[0], of: field), action: action ?? .other("vmap"))
        }
        // `*` stands for what no other key is.
        let ordered = entries.filter { $0.key != .any } + entries.filter { $0.key == .any }
        return .verdictMap(VerdictMap(field: field, mask: mask, name: name, entries: ordered))
    }
}
