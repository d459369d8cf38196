internal import Wire

/// What the target of an iptables rule does (iptables-extensions(8)).
enum IptablesTarget {
    /// - Parameters:
    ///   - options: the target's options and their words.
    ///   - text: the target with its options.
    static func action(_ target: String, _ options: [String: String], text: String) -> RuleAction {
        switch target {
        case "ACCEPT": .accept
        case "DROP": .drop
        case "REJECT": .reject(options["--reject-with"] ?? "icmp-port-unreachable")
        case "RETURN": .return
        case "QUEUE": .queue(PacketQueue())
        case "NFQUEUE": .queue(queue(options))
        case "MASQUERADE": .masquerade(TranslationTarget(ports: ports(options["--to-ports"])))
        case "SNAT": .sourceTranslation(endpoint(options["--to-source"] ?? ""))
        case "DNAT": .destinationTranslation(endpoint(options["--to-destination"] ?? ""))
        case "REDIRECT": .redirect(TranslationTarget(ports: ports(options["--to-ports"])))
        case "NETMAP":
            .netmap(
                TranslationTarget(addresses: options["--to"].flatMap { IptablesRule.prefix($0) }.map { .prefix($0) }))
        case "MARK": mark(options)
        case "CONNMARK": connectionMark(options)
        case "DSCP": .write(.dscp(nil), options["--set-dscp"].flatMap { parseNumber($0) }.map(UInt64.init))
        case "TOS": .write(.dscp(nil), nil)
        case "HMARK": .setMark(nil, mask: .max)
        case "SYNPROXY": .other(target)
        case "TTL": .write(.timeToLive(.ipv4), options["--ttl-set"].flatMap { UInt64($0) })
        case "HL": .write(.timeToLive(.ipv6), options["--hl-set"].flatMap { UInt64($0) })
        case "TPROXY": .transparentProxy(proxy(options))
        case "NOTRACK": .noTrack
        case "CT" where options["--notrack"] != nil: .noTrack
        case "CT": zone(options).map { .setZone($0) } ?? .pass(text)
        case "LOG", "NFLOG", "ULOG", "AUDIT": .log
        case _ where passing.contains(target): .pass(text)
        default: .jump(target)
        }
    }

    private static let passing: Set = [
        "TRACE", "TCPMSS", "CHECKSUM", "CLASSIFY", "SET", "TEE", "RATEEST",
        "LED", "CONNSECMARK", "SECMARK", "IDLETIMER", "TCPOPTSTRIP", "ECN",
    ]

    /// Without masks of its own, all bits.
    private static func connectionMark(_ options: [String: String]) -> RuleAction {
        func mask(_ name: String) -> UInt32? { options[name].map { parseNumber($0) ?? 0 } }
        let masks = [mask("--mask"), mask("--nfmask"), mask("--ctmask")].compactMap(\.self)
        let bits = masks.first ?? .max
        if options["--restore-mark"] != nil {
            return Set(masks).count > 1 ? .setMark(nil, mask: .max) : .restoreMark(mask: bits)
        }
        if options["--save-mark"] != nil {
            return Set(masks).count > 1 ? .write(.connectionMark, nil) : .saveMark(mask: bits)
        }
        let text = options["--set-xmark"] ?? options["--set-mark"]
        let parts = (text ?? "").split(separator: "/").map { parseNumber(String($0)) }
        guard let value = parts.first ?? nil, parts.count == 1 || parts[1] == .max else {
            return .write(.connectionMark, nil)
        }
        return .write(.connectionMark, UInt64(value))
    }

    private static func mark(_ options: [String: String]) -> RuleAction {
        for (name, text) in options {
            let parts = text.split(separator: "/").map { parseNumber(String($0)) }
            guard let value = parts.first ?? nil, let mask = parts.count > 1 ? parts[1] : UInt32.max else { continue }
            switch name {
            case "--set-xmark": return .setMark(value, mask: mask)
            case "--set-mark": return .setMark(value, mask: value | mask)
            case "--or-mark": return .setMark(value, mask: value)
            case "--and-mark": return .setMark(0, mask: ~value)
            case "--xor-mark": return .setMark(value, mask: 0)
            default: continue
            }
        }
        return .setMark(nil, mask: .max)
    }

    /// Zone 0 is not written by iptables-save: it gives `-j CT`, after which no other rule sets a zone.
    private static func zone(_ options: [String: String]) -> ZoneAssignment? {
        let directions: [(String, ZoneAssignment.Direction)] = [
            ("--zone", .both), ("--zone-orig", .original), ("--zone-reply", .reply),
        ]
        for (name, direction) in directions {
            guard let text = options[name] else { continue }
            if text == "mark" { return ZoneAssignment(.mark, direction) }
            return ZoneAssignment(UInt16(text).map { .number($0) } ?? .unreadable, direction)
        }
        return options.isEmpty ? ZoneAssignment(.number(0)) : nil
    }

    private static func queue(_ options: [String: String]) -> PacketQueue {
        var queue = PacketQueue(mayBypass: options["--queue-bypass"] != nil)
        let ends = (options["--queue-balance"] ?? options["--queue-num"] ?? "").split(separator: ":").map { UInt16($0) }
        if let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high { queue.numbers = low...high }
        return queue
    }

    private static func proxy(_ options: [String: String]) -> TransparentProxy {
        let mark = (options["--tproxy-mark"] ?? "").split(separator: "/").map { parseNumber(String($0)) }
        return TransparentProxy(
            port: options["--on-port"].flatMap { UInt16($0) }.flatMap { $0 == 0 ? nil : $0 },
            address: options["--on-ip"].flatMap { IPAddress($0) }.flatMap { $0.isUnspecified ? nil : $0 },
            mark: mark.first ?? nil, markMask: mark.count > 1 ? mark[1] ?? .max : .max, dropsWithoutSocket: true)
    }

    private static func ports(_ text: String?) -> ClosedRange<UInt16>? {
        guard let ends = text?.split(separator: "-").map({ UInt16($0) }), let low = ends.first ?? nil,
            let high = ends.last ?? nil, low <= high
        else { return nil }
        return low...high
    }

    /// `172.19.0.2:80`, `[fd00::2]:80-90`, `172.19.0.2-172.19.0.9`, `:80`.
    static func endpoint(_ text: String) -> TranslationTarget {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let inside = text[text.index(after: text.startIndex)..<close]
            return TranslationTarget(
                addresses: addresses(inside), ports: ports(String(text[close...].dropFirst(2))))
        }
        if let address = IPAddress(text) { return TranslationTarget(addresses: .addresses(address...address)) }
        if text.contains("::") || text.split(separator: ":").count > 2 {
            return TranslationTarget(addresses: addresses(text[...]))
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return TranslationTarget() }
        return TranslationTarget(addresses: addresses(first), ports: parts.count > 1 ? ports(String(parts[1])) : nil)
    }

    private static func addresses(_ text: Substring) -> RuleValue? {
        let ends = text.split(separator: "-").map { IPAddress($0) }
        guard let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high else { return nil }
        return .addresses(low...high)
    }
}
