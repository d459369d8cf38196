internal import Network
internal import Wire

/// Reads the expressions of an nftables rule from libnftables' JSON (libnftables-json(5)).
///
/// Any JSON gives a program: an expression that is not understood becomes a condition that answers "unknown".
struct NftablesRule {
    /// Family of the rule's table, and that table's named sets.
    var family: String
    var sets: [String: JSONValue]

    func parse(_ expressions: JSONValue) -> RuleProgram {
        var program = RuleProgram()
        for expression in expressions.array ?? [] {
            guard let (key, value) = expression.only else {
                if let word = expression.text { program.steps.append(statement(word, .null)) }
                continue
            }
            program.steps.append(statement(key, value))
        }
        return program
    }

    private func statement(_ key: String, _ value: JSONValue) -> RuleProgram.Step {
        switch key {
        case "match": return .condition(match(value))
        case "vmap": return .action(verdictMap(value))
        case "counter", "log", "comment", "notrack", "ct helper", "ct timeout", "flow", "dup", "tproxy", "ct count",
            "quota", "synproxy", "secmark", "ct expectation", "last":
            return key == "ct count" || key == "quota" ? .condition(unknown(key)) : .action(.goOn)
        case "limit", "xt", "meter": return .condition(unknown(key))
        case "set", "map": return .action(.goOn)
        case "mangle": return .action(mangle(value))
        default: return .action(verdict(key, value) ?? .unknown(key))
        }
    }

    private func verdict(_ key: String, _ value: JSONValue) -> RuleAction? {
        switch key {
        case "accept": return .accept
        case "drop": return .drop
        case "continue": return .goOn
        case "return": return .return
        case "queue": return .queue
        case "jump": return value["target"]?.text.map { .jump($0) }
        case "goto": return value["target"]?.text.map { .goto($0) }
        case "reject":
            let type = value["type"]?.text ?? "icmp"
            if type == "tcp reset" { return .reject("tcp-reset") }
            return .reject("\(type) \(value["expr"]?.text ?? "port-unreachable")")
        case "masquerade": return .masquerade
        case "snat": return .sourceTranslation(value["addr"]?.text.flatMap { IPAddress($0) })
        case "dnat":
            return .destinationTranslation(
                value["addr"]?.text.flatMap { IPAddress($0) },
                value["port"]?.number.flatMap { UInt16(exactly: $0) })
        case "redirect": return .redirect(value["port"]?.number.flatMap { UInt16(exactly: $0) })
        default: return nil
        }
    }

    private func mangle(_ value: JSONValue) -> RuleAction {
        guard value["key"]?["meta"]?["key"]?.text == "mark" else { return .goOn }
        guard let number = value["value"]?.number, let mark = UInt32(exactly: number) else { return .unknown("mark") }
        return .setMark(mark, mask: .max)
    }

    private func unknown(_ text: String) -> RuleCondition {
        RuleCondition(kind: .other, text: text) { _, _ in .unknown("\(text) can't be told from here") }
    }

    // MARK: Matches

    private func match(_ value: JSONValue) -> RuleCondition {
        guard let left = value["left"], let right = value["right"] else { return unknown("match") }
        let operation = value["op"]?.text ?? "=="
        let selector = Selector(left, family: family)
        let wanted = resolve(right)
        return RuleCondition(kind: selector.kind, text: selector.name) { packet, site in
            switch selector.read(packet, site) {
            case .absent(let words): return .fails(words)
            case .unknown: return .unknown("\(selector.name) can't be told from here")
            case .value(let actual):
                guard let truth = compare(actual, operation, wanted) else {
                    return .unknown("\(selector.name) can't be told from here")
                }
                return truth ? .holds : .fails(selector.words(packet, site))
            }
        }
    }

    /// `@name` is that set's elements.
    private func resolve(_ value: JSONValue) -> JSONValue {
        if let name = value.text, name.hasPrefix("@") {
            return sets[String(name.dropFirst())].map { .object(["set": $0]) } ?? .object(["unknown set": value])
        }
        return value
    }

    private func verdictMap(_ value: JSONValue) -> RuleAction {
        guard let key = value["key"], let data = value["data"] else { return .unknown("vmap") }
        let selector = Selector(key, family: family)
        guard let entries = resolve(data)["set"]?.array else { return .unknown("vmap") }
        let pairs = entries.compactMap { entry -> (JSONValue, RuleAction)? in
            guard let pair = entry.array, pair.count == 2 else { return nil }
            let key = pair[0]["elem"]?["val"] ?? pair[0]
            let action = pair[1].only.flatMap { verdict($0.key, $0.value) }
            return (key, action ?? .unknown("vmap"))
        }
        return .verdictMap { packet, site in
            switch selector.read(packet, site) {
            case .absent(let words): return (nil, .fails(words))
            case .unknown: return (nil, .unknown("\(selector.name) can't be told from here"))
            case .value(let actual):
                var isUnsure = false
                for (key, action) in pairs {
                    switch compare(actual, "==", key) {
                    case true?: return (action, .holds)
                    case nil: isUnsure = true
                    case false?: continue
                    }
                }
                return (nil, isUnsure ? .unknown(selector.name) : .fails(selector.words(packet, site)))
            }
        }
    }
}

/// A value that a rule reads from a packet.
enum NftablesValue: Sendable, Hashable {
    case number(UInt64)
    case address(IPAddress)
    case name(String)
    case mac(MACAddress)
    /// Words of which the packet has these: conntrack states, TCP flags.
    case words(Set<String>)
    case list([NftablesValue])
}

/// Whether `actual` and what the rule wants agree; nil where the rule's side is not understood.
func compare(_ actual: NftablesValue, _ operation: String, _ wanted: JSONValue) -> Bool? {
    if case .words(let words) = actual, operation != "in", let flags = wanted.array?.compactMap(\.text) {
        let isSame = words.contains(flags.sorted().joined(separator: "|")) || words == Set(flags)
        return operation == "!=" ? !isSame : isSame
    }
    switch operation {
    case "==", "in": return isMember(actual, wanted)
    case "!=": return isMember(actual, wanted).map { !$0 }
    case "<", ">", "<=", ">=":
        guard case .number(let number) = actual, let bound = literal(wanted, like: actual),
            case .number(let limit) = bound
        else { return nil }
        switch operation {
        case "<": return number < limit
        case ">": return number > limit
        case "<=": return number <= limit
        default: return number >= limit
        }
    default: return nil
    }
}

private func isMember(_ actual: NftablesValue, _ wanted: JSONValue) -> Bool? {
    if case .list(let parts) = actual {
        if let members = wanted["concat"]?.array {
            guard members.count == parts.count else { return nil }
            var isUnsure = false
            for (part, member) in zip(parts, members) {
                switch isMember(part, member) {
                case false?: return false
                case nil: isUnsure = true
                case true?: continue
                }
            }
            return isUnsure ? nil : true
        }
    }
    if let (key, value) = wanted.only {
        switch key {
        case "set":
            guard let members = value.array else { return isMember(actual, value) }
            return anyMember(actual, members)
        case "range":
            guard let ends = value.array, ends.count == 2, let low = literal(ends[0], like: actual),
                let high = literal(ends[1], like: actual)
            else { return nil }
            return isBetween(actual, low, high)
        case "prefix":
            guard case .address(let address) = actual, let base = value["addr"]?.text.flatMap({ IPAddress($0) }),
                let length = value["len"]?.number, let prefix = IPPrefix(base, length: Int(length))
            else { return nil }
            return prefix.contains(address)
        case "elem": return value["val"].flatMap { isMember(actual, $0) }
        default: return nil
        }
    }
    // A plain array is a list of flag words, or of members.
    if let members = wanted.array { return anyMember(actual, members) }
    if case .words(let words) = actual {
        if let number = wanted.number { return words.contains(String(number)) || number == 0 && words == [""] }
        return wanted.text.map { words.contains($0) }
    }
    if case .name(let name) = actual { return wanted.text.map { interfaceMatches($0, name, wildcard: "*") } }
    return literal(wanted, like: actual).map { $0 == actual }
}

private func anyMember(_ actual: NftablesValue, _ members: [JSONValue]) -> Bool? {
    var isUnsure = false
    for member in members {
        switch isMember(actual, member) {
        case true?: return true
        case nil: isUnsure = true
        case false?: continue
        }
    }
    return isUnsure ? nil : false
}

private func isBetween(_ actual: NftablesValue, _ low: NftablesValue, _ high: NftablesValue) -> Bool? {
    switch (actual, low, high) {
    case (.number(let value), .number(let first), .number(let last)): return first <= value && value <= last
    case (.address(let value), .address(let first), .address(let last)):
        return value.family == first.family && first <= value && value <= last
    default: return nil
    }
}

/// A literal of the rule, read as the same kind of value.
private func literal(_ wanted: JSONValue, like actual: NftablesValue) -> NftablesValue? {
    switch actual {
    case .number:
        if let number = wanted.number { return number >= 0 ? .number(UInt64(number)) : nil }
        guard let text = wanted.text else { return nil }
        if let number = parseNumber(text) { return .number(UInt64(number)) }
        return protocolNumber(text).map { .number(UInt64($0)) } ?? servicePort(text).map { .number(UInt64($0)) }
    case .address: return wanted.text.flatMap { IPAddress($0) }.map { .address($0) }
    case .name: return wanted.text.map { .name($0) }
    case .mac: return wanted.text.flatMap { MACAddress($0) }.map { .mac($0) }
    case .words, .list: return nil
    }
}

/// The service names that nft prints most (services(5)).
private func servicePort(_ name: String) -> UInt16? {
    let names: [String: UInt16] = [
        "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "http": 80,
        "ntp": 123, "snmp": 161, "https": 443, "imaps": 993, "http-alt": 8080,
    ]
    return names[name]
}
