internal import Wire

/// Each option takes its words and gives its condition; nil for one that asks nothing.
extension IptablesRule {
    typealias Option = @Sendable (inout IptablesRule, _ isNegated: Bool) -> Match?

    /// By name, or by module and name where several modules have one of that name.
    static let options: [String: Option] = {
        var options: [String: Option] = [:]
        func define(_ names: [String], _ option: @escaping Option) {
            for name in names { options[name] = option }
        }
        /// An option with one word.
        func define(_ names: [String], _ field: RuleField, _ values: @escaping @Sendable (String) -> [RuleValue]) {
            define(names) { rule, isNegated in rule.next().map { Match(field, values($0), isNegated: isNegated) } }
        }
        define(["-s", "--source", "--src"], .address(.source, nil), prefixes)
        define(["-d", "--destination", "--dst"], .address(.destination, nil), prefixes)
        define(["--src-range"], .address(.source, nil)) { [addressRange($0)] }
        define(["--dst-range"], .address(.destination, nil)) { [addressRange($0)] }
        define(["--src-type"], .addressType(.source), words)
        define(["--dst-type"], .addressType(.destination), words)
        define(["-i", "--in-interface"], .device(.in, isIndex: false)) { [device($0)] }
        define(["-o", "--out-interface"], .device(.out, isIndex: false)) { [device($0)] }
        define(["--physdev-in"], .bridgePort(.in)) { [device($0)] }
        define(["--physdev-out"], .bridgePort(.out)) { [device($0)] }
        for (name, direction) in [
            ("--physdev-is-in", RuleField.Direction.in), ("--physdev-is-out", .out), ("--physdev-is-bridged", nil),
        ] {
            define([name]) { _, isNegated in Match(.isBridged(direction), [.word("true")], isNegated: isNegated) }
        }
        define(["-p", "--protocol"]) { rule, isNegated in
            guard let name = rule.next(), name != "all", name != "0" else { return nil }
            let value = IPProtocol(name).map { RuleValue.number(UInt64($0.rawValue)) } ?? .unreadable(name)
            return Match(.transportProtocol(nil), [value], isNegated: isNegated)
        }
        define(["--sport", "--source-port", "--sports", "--source-ports"], .port(.source, nil), ports)
        define(["--dport", "--destination-port", "--dports", "--destination-ports"], .port(.destination, nil), ports)
        define(["--ports"], .port(nil, nil), ports)
        define(["--syn"]) { _, isNegated in Match(.tcpFlags, [.number(2)], mask: 23, isNegated: isNegated) }
        define(["--tcp-flags"]) { rule, isNegated in
            guard let mask = rule.next(), let wanted = rule.next() else { return nil }
            return Match(.tcpFlags, [.number(flags(wanted))], mask: flags(mask), isNegated: isNegated)
        }
        // The second and later fragments; negated, whole packets and first fragments.
        define(["-f", "--fragment"]) { _, isNegated in
            Match(.fragmentOffset(nil), [.number(0)], mask: 0x1fff, isNegated: !isNegated)
        }
        define(["--ctstate", "--state"], .connectionState, words)
        define(["--ctstatus"], .connectionStatus, words)
        define(["--ctdir"], .connectionDirection, words)
        define(["--dscp"], .dscp(nil)) { [parseNumber($0).map { .number(UInt64($0)) } ?? .unreadable($0)] }
        for (module, field) in [("mark", RuleField.mark), ("connmark", .connectionMark)] {
            define(["\(module) --mark"]) { rule, isNegated in rule.next().map { mark(field, $0, isNegated) } }
        }
        for (name, isIPv6) in [("--icmp-type", false), ("--icmpv6-type", true)] {
            define([name]) { rule, isNegated in
                rule.next().flatMap { icmpType($0, isIPv6: isIPv6, isNegated: isNegated) }
            }
        }
        define(["--mac-source"], .mac(.source)) { text in
            [MACAddress(text.lowercased()).map { .mac($0) } ?? .unreadable(text)]
        }
        define(["--ttl-eq", "--hl-eq"], .timeToLive(nil)) { [number($0) { $0...$0 }] }
        define(["--ttl-lt", "--hl-lt"], .timeToLive(nil)) { [number($0) { $0 > 0 ? 0...($0 - 1) : nil }] }
        define(["--ttl-gt", "--hl-gt"], .timeToLive(nil)) { [number($0) { $0 < 255 ? ($0 + 1)...255 : nil }] }
        define(["--length"], .length(nil)) { [numbers($0)] }
        define(["owner --uid-owner"], .socketOwner(isGroup: false)) { [numbers($0, separator: "-")] }
        define(["owner --gid-owner"], .socketOwner(isGroup: true)) { [numbers($0, separator: "-")] }
        for operation in ["set", "rcheck", "update", "remove"] {
            define(["recent --\(operation)"]) { rule, isNegated in
                RecentList.Operation(rawValue: operation).map { recent(RecentList($0), &rule, isNegated) }
            }
        }
        define(["--match-set"]) { rule, isNegated in
            guard let name = rule.next(), let directions = rule.next() else { return nil }
            return Match(.ipset(name: name, directions: directions), isNegated: isNegated)
        }
        return options
    }()

    /// The options of `-m recent` behind the operation, in any order.
    private static func recent(_ list: RecentList, _ rule: inout IptablesRule, _ isNegated: Bool) -> Match {
        var list = list
        while let option = rule.peek(), option.hasPrefix("--") {
            _ = rule.next()
            switch option {
            case "--name": list.name = rule.next() ?? list.name
            case "--seconds": list.seconds = rule.next().flatMap { Double($0) }
            case "--hitcount": list.hits = rule.next().flatMap { Int($0) }
            case "--rdest": list.isDestination = true
            case "--rsource", "--reap": break
            case "--mask":
                let mask = rule.next().flatMap { IPAddress($0) }
                let isWhole = mask.map { $0.low == ($0.isIPv4 ? 0xffff_ffff : .max) && ($0.isIPv4 || $0.high == .max) }
                if isWhole != true { list.others.append(option) }
            default: list.others.append(option)
            }
        }
        return Match(.recent(list), [.word("true")], isNegated: isNegated)
    }

    // MARK: Values

    private static func prefixes(_ text: String) -> [RuleValue] {
        text.split(separator: ",").map { part in
            prefix(String(part)).map { .prefix($0) } ?? masked(String(part)) ?? .unreadable(String(part))
        }
    }

    /// `10.9.0.1/255.255.0.255`, `::4/::f`: a mask with gaps.
    private static func masked(_ text: String) -> RuleValue? {
        let parts = text.split(separator: "/").map { IPAddress($0) }
        guard parts.count == 2, let address = parts[0], let mask = parts[1], address.family == mask.family else {
            return nil
        }
        return .maskedAddress(address, mask: mask)
    }

    /// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1`.
    static func prefix(_ text: String) -> IPPrefix? {
        if let prefix = IPPrefix(text) { return prefix }
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPAddress(parts[0]), let mask = IPAddress(parts[1]),
            address.isIPv4, mask.isIPv4
        else { return nil }
        let bits = UInt32(truncatingIfNeeded: mask.low)
        let length = (~bits).leadingZeroBitCount
        guard bits == (length == 0 ? 0 : UInt32.max << UInt32(32 - length)) else { return nil }
        return IPPrefix(address, length: length)
    }

    private static func addressRange(_ text: String) -> RuleValue {
        let ends = text.split(separator: "-").map { IPAddress($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first.family == last.family, first <= last
        else { return .unreadable(text) }
        return .addresses(first...last)
    }

    /// A `+` at the end stands for anything.
    private static func device(_ text: String) -> RuleValue {
        text.hasSuffix("+") ? .device(String(text.dropLast()), isPrefix: true) : .device(text, isPrefix: false)
    }

    private static func words(_ text: String) -> [RuleValue] {
        text.split(separator: ",").map { .word($0.lowercased()) }
    }

    private static func ports(_ text: String) -> [RuleValue] {
        text.split(separator: ",").map { numbers(String($0)) }
    }

    /// `80`, `1:99`, `1:`, `:99`.
    private static func numbers(_ text: String, separator: Character = ":") -> RuleValue {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2 else { return .unreadable(text) }
        let isRange = parts.count == 2
        let low = isRange && first.isEmpty ? 0 : UInt64(first)
        let high = isRange ? (parts[1].isEmpty ? UInt64(UInt32.max) : UInt64(parts[1])) : low
        guard let low, let high, low <= high else { return .unreadable(text) }
        return .numbers(low...high)
    }

    private static func number(_ text: String, _ range: (UInt64) -> ClosedRange<UInt64>?) -> RuleValue {
        UInt8(text).flatMap { range(UInt64($0)) }.map { .numbers($0) } ?? .unreadable(text)
    }

    static func flags(_ text: String) -> UInt64 {
        text.split(separator: ",").reduce(0) { sum, name in
            name.uppercased() == "ALL" ? sum | 63 : sum | UInt64(TCPFlag.bits(String(name)) ?? 0)
        }
    }

    private static func mark(_ field: RuleField, _ text: String, _ isNegated: Bool) -> Match {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { parseNumber(String($0)) }
        guard let wanted = parts.first ?? nil, parts.count == 1 || parts[1] != nil else {
            return Match(field, [.unreadable(text)], isNegated: isNegated)
        }
        let mask = parts.count > 1 ? parts[1] : nil
        return Match(field, [.number(UInt64(wanted))], mask: mask.map(UInt64.init), isNegated: isNegated)
    }

    /// `8`, `3/1`, `echo-request`; any type asks nothing but the protocol.
    private static func icmpType(_ text: String, isIPv6: Bool, isNegated: Bool) -> Match? {
        if text == "any" || text == "255" { return nil }
        let parts = text.split(separator: "/")
        let name = parts.first.map(String.init) ?? ""
        let type = (UInt8(name) ?? ICMPType(ruleName: name, isIPv6: isIPv6)?.number).map {
            RuleValue.number(UInt64($0))
        }
        let field = RuleField.icmpType(isIPv6: isIPv6)
        guard parts.count > 1 else { return Match(field, [type ?? .unreadable(text)], isNegated: isNegated) }
        let code = UInt8(parts[1]).map { RuleValue.number(UInt64($0)) }
        return Match(
            .concatenation([field, .icmpCode(isIPv6: isIPv6)]),
            [.tuple([type ?? .unreadable(name), code ?? .unreadable(String(parts[1]))])], isNegated: isNegated)
    }
}
