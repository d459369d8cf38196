internal import Network
internal import Wire

/// Reads an iptables rule as `iptables-save` writes it (iptables(8), iptables-extensions(8)).
///
/// Any text gives a program: what is not understood becomes a condition that answers "unknown".
struct IptablesRule {
    var program = RuleProgram()
    private var tokens: [String]
    private var position = 0

    static func parse(_ text: String) -> RuleProgram {
        var rule = IptablesRule(text)
        rule.read()
        return rule.program
    }

    private init(_ text: String) {
        tokens = Self.tokenise(text)
    }

    /// Splits at spaces; double quotes group, a backslash in them keeps the next character.
    static func tokenise(_ text: String) -> [String] {
        var tokens: [String] = []
        var current = ""
        var isOpen = false
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                current.append(character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                isOpen = true
            } else if character == " " || character == "\t" || character == "\n", !isQuoted {
                if isOpen { tokens.append(current) }
                current = ""
                isOpen = false
            } else {
                current.append(character)
                isOpen = true
            }
        }
        if isOpen { tokens.append(current) }
        return tokens
    }

    private mutating func next() -> String? {
        guard position < tokens.count else { return nil }
        defer { position += 1 }
        return tokens[position]
    }

    private mutating func add(
        _ kind: RuleCondition.Kind, _ text: String, negated: Bool = false,
        words: @escaping @Sendable (PacketState, RuleSite) -> String,
        _ test: @escaping @Sendable (PacketState, RuleSite) -> Bool?
    ) {
        program.steps.append(
            .condition(
                RuleCondition(kind: kind, text: negated ? "! \(text)" : text) { packet, site in
                    guard let truth = test(packet, site) else { return .unknown(words(packet, site)) }
                    return truth != negated ? .holds : .fails(words(packet, site))
                }))
    }

    private mutating func addUnknown(_ text: String) {
        program.steps.append(
            .condition(RuleCondition(kind: .other, text: text) { _, _ in .unknown("\(text) can't be told from here") }))
    }

    private mutating func read() {
        var isNegated = false
        while let token = next() {
            let negated = isNegated
            isNegated = false
            switch token {
            case "!": isNegated = true
            case "-A", "-I", "-D": _ = next()
            case "-c":
                _ = next()
                _ = next()
            case "-s", "--source", "--src": readAddress(.source, "-s", negated)
            case "-d", "--destination", "--dst": readAddress(.destination, "-d", negated)
            case "-i", "--in-interface": readDevice(.inDevice, "-i", negated)
            case "-o", "--out-interface": readDevice(.outDevice, "-o", negated)
            case "-p", "--protocol": readProtocol(negated)
            case "-m", "--match":
                readMatch(next() ?? "")
            case "-j", "--jump": readTarget()
            case "-g", "--goto": if let chain = next() { program.steps.append(.action(.goto(chain))) }
            default:
                if token.hasPrefix("-") || isOption(token) {
                    readOption(token, module: "", negated: negated)
                }
            }
        }
    }

    private func isOption(_ token: String) -> Bool { token.hasPrefix("-") && token.count > 1 }

    private mutating func readAddress(_ kind: RuleCondition.Kind, _ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let prefixes = text.split(separator: ",").map { Self.prefix(String($0)) }
        let isSource = kind == .source
        add(
            kind, "\(option) \(text)", negated: negated,
            words: { packet, _ in isSource ? packet.sourceWords : packet.destinationWords },
            { packet, _ in
                let address = isSource ? packet.source : packet.destination
                if prefixes.contains(where: { $0?.contains(address) == true }) { return true }
                return prefixes.contains(nil) ? nil : false
            })
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

    private mutating func readDevice(_ kind: RuleCondition.Kind, _ option: String, _ negated: Bool) {
        guard let pattern = next() else { return }
        let isIn = kind == .inDevice
        add(
            kind, "\(option) \(pattern)", negated: negated, words: { _, site in isIn ? site.inWords : site.outWords },
            { _, site in
                guard let name = isIn ? site.inDevice : site.outDevice else { return false }
                return interfaceMatches(pattern, name, wildcard: "+")
            })
    }

    private mutating func readProtocol(_ negated: Bool) {
        guard let name = next(), name != "all", name != "0" else { return }
        let number = protocolNumber(name)
        add(
            .transportProtocol, "-p \(name)", negated: negated, words: { packet, _ in packet.protocolWords },
            { packet, _ in number.map { $0 == packet.ipProtocol.rawValue } })
    }

    /// After `-m MODULE`: its options, up to the next word that is none of them.
    private mutating func readMatch(_ module: String) {
        let plain: Set = [
            "-s", "-d", "-i", "-o", "-p", "-m", "-j", "-g", "-c", "--jump", "--goto", "--match", "--protocol",
            "--source",
            "--destination", "--in-interface", "--out-interface",
        ]
        var isNegated = false
        var hasOption = false
        while position < tokens.count {
            let token = tokens[position]
            if token == "!" {
                if position + 1 < tokens.count, plain.contains(tokens[position + 1]) { break }
                isNegated = true
                position += 1
                continue
            }
            if plain.contains(token) { break }
            position += 1
            guard token.hasPrefix("-") else { continue }
            hasOption = true
            readOption(token, module: module, negated: isNegated)
            isNegated = false
        }
        if !hasOption, !["tcp", "udp", "icmp", "icmp6", "ipv6-icmp", "comment", "sctp", "multiport"].contains(module) {
            addUnknown("-m \(module)")
        }
    }

    private mutating func readOption(_ option: String, module: String, negated: Bool) {
        switch option {
        case "--comment": _ = next()
        case "--dport", "--destination-port", "--dports", "--destination-ports":
            readPorts(.destinationPort, option, negated)
        case "--sport", "--source-port", "--sports", "--source-ports": readPorts(.sourcePort, option, negated)
        case "--ports": readPorts(.other, option, negated)
        case "--syn": addFlags(mask: 23, wanted: 2, "--syn", negated)
        case "--tcp-flags":
            guard let mask = next(), let wanted = next() else { return }
            addFlags(mask: Self.flags(mask), wanted: Self.flags(wanted), "--tcp-flags \(mask) \(wanted)", negated)
        case "--ctstate", "--state": readStates(option, negated)
        case "--ctstatus": readStatus(negated)
        case "--mark" where module == "mark" || module == "connmark": readMark(module, negated)
        case "--dst-type", "--src-type": readAddressType(option, negated)
        case "--icmp-type", "--icmpv6-type": readICMPType(option, negated)
        case "--src-range", "--dst-range": readRange(option, negated)
        case "--physdev-in", "--physdev-out": readPhysicalDevice(option, negated)
        case "--physdev-is-bridged":
            add(
                .other, option, negated: negated,
                words: { _, site in site.physicalOutDevice == nil ? "it is not bridged" : "it is bridged" },
                { _, site in site.physicalInDevice != nil && site.physicalOutDevice != nil })
        case "--physdev-is-in":
            add(
                .other, option, negated: negated,
                words: { _, site in site.physicalInDevice.map { "came in by port \($0)" } ?? "came in by no port" },
                { _, site in site.physicalInDevice != nil })
        case "--physdev-is-out":
            add(
                .other, option, negated: negated,
                words: { _, site in site.physicalOutDevice.map { "leaves by port \($0)" } ?? "leaves by no known port"
                },
                { _, site in site.physicalOutDevice != nil })
        case "--mac-source":
            guard let text = next() else { return }
            let wanted = MACAddress(text.lowercased())
            add(
                .other, "--mac-source \(text)", negated: negated,
                words: { packet, _ in
                    packet.macSource.map { "its MAC source is \($0)" } ?? "its MAC source is not known"
                },
                { packet, _ in packet.macSource.flatMap { mac in wanted.map { $0 == mac } } })
        case "--ttl-eq", "--ttl-lt", "--ttl-gt", "--hl-eq", "--hl-lt", "--hl-gt": readTTL(option, negated)
        case "--length":
            guard let text = next() else { return }
            let range = Self.range(text, separator: ":")
            add(
                .other, "--length \(text)", negated: negated, words: { packet, _ in "its length is \(packet.length)" },
                { packet, _ in packet.length == 0 ? nil : range.map { $0.contains(UInt64(packet.length)) } })
        default:
            var text = (module.isEmpty ? "" : "-m \(module) ") + (negated ? "! " : "") + option
            while position < tokens.count, !tokens[position].hasPrefix("-"), tokens[position] != "!" {
                text += " " + tokens[position]
                position += 1
            }
            addUnknown(text)
        }
    }

    private static func range(_ text: String, separator: Character) -> ClosedRange<UInt64>? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        if parts.count == 1 { return UInt64(first).map { $0...$0 } }
        guard parts.count == 2 else { return nil }
        let low = first.isEmpty ? 0 : UInt64(first)
        let high = parts[1].isEmpty ? UInt64(UInt32.max) : UInt64(parts[1])
        guard let low, let high, low <= high else { return nil }
        return low...high
    }

    private mutating func readPorts(_ kind: RuleCondition.Kind, _ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let ranges = text.split(separator: ",").map { Self.range(String($0), separator: ":") }
        add(
            kind, "\(option) \(text)", negated: negated,
            words: { packet, _ in
                kind == .sourcePort
                    ? packet.portWords(packet.sourcePort, "source")
                    : packet.portWords(packet.destinationPort, "destination")
            },
            { packet, _ in
                guard packet.hasPorts else { return false }
                let ports =
                    switch kind {
                    case .sourcePort: [packet.sourcePort]
                    case .destinationPort: [packet.destinationPort]
                    default: [packet.sourcePort, packet.destinationPort]
                    }
                let known = ports.compactMap { $0 }
                if ranges.contains(where: { range in known.contains { range?.contains(UInt64($0)) == true } }) {
                    return true
                }
                return ranges.contains(nil) || known.count < ports.count ? nil : false
            })
    }

    static func flags(_ text: String) -> UInt8 {
        let bits: [String: UInt8] = [
            "FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0,
        ]
        return text.uppercased().split(separator: ",").reduce(0) { $0 | (bits[String($1)] ?? 0) }
    }

    private mutating func addFlags(mask: UInt8, wanted: UInt8, _ text: String, _ negated: Bool) {
        add(
            .other, text, negated: negated,
            words: { packet, _ in
                packet.ipProtocol == .tcp ? "its TCP flags are others" : packet.protocolWords
            },
            { packet, _ in
                guard packet.ipProtocol == .tcp else { return false }
                return packet.tcpFlags.map { $0 & mask == wanted }
            })
    }

    private mutating func readStates(_ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let states = text.split(separator: ",").map { $0.lowercased() }
        add(
            .connection, "\(option) \(text)", negated: negated, words: { packet, _ in packet.connectionWords },
            { packet, _ in
                var isUnsure = false
                for state in states {
                    switch state {
                    case "snat":
                        if packet.isSourceTranslated == true { return true }
                        if packet.isSourceTranslated == nil { isUnsure = true }
                    case "dnat":
                        if packet.isDestinationTranslated == true { return true }
                        if packet.isDestinationTranslated == nil { isUnsure = true }
                    default:
                        if packet.connection?.rawValue == state { return true }
                        if packet.connection == nil { isUnsure = true }
                    }
                }
                return isUnsure ? nil : false
            })
    }

    private mutating func readStatus(_ negated: Bool) {
        guard let text = next() else { return }
        let wanted = Set(text.split(separator: ",").map { $0.uppercased() })
        add(
            .connection, "--ctstatus \(text)", negated: negated, words: { packet, _ in packet.connectionWords },
            { packet, _ in
                if wanted.contains("DNAT"), let translated = packet.isDestinationTranslated {
                    if translated { return true }
                    return wanted.count > 1 ? nil : false
                }
                return nil
            })
    }

    private mutating func readMark(_ module: String, _ negated: Bool) {
        guard let text = next() else { return }
        let parts = text.split(separator: "/").map { parseNumber(String($0)) }
        let isConnection = module == "connmark"
        add(
            .other, "-m \(module) --mark \(text)", negated: negated,
            words: { packet, _ in isConnection ? "its connection's mark is another" : packet.markWords },
            { packet, _ in
                guard let mark = isConnection ? packet.connectionMark : packet.isMarkKnown ? packet.mark : nil,
                    let wanted = parts.first ?? nil
                else { return nil }
                let mask = parts.count > 1 ? parts[1] ?? UInt32.max : UInt32.max
                return mark & mask == wanted
            })
    }

    private mutating func readAddressType(_ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let wanted = text.split(separator: ",").map { $0.lowercased() }
        let isSource = option == "--src-type"
        add(
            isSource ? .source : .destination, "-m addrtype \(option) \(text)", negated: negated,
            words: { packet, site in
                let address = isSource ? packet.source : packet.destination
                return addressType(address, in: site.namespace) == "local"
                    ? "\(address) is an address of \(site.namespace.name)"
                    : "\(address) is no address of \(site.namespace.name)"
            },
            { packet, site in
                wanted.contains(addressType(isSource ? packet.source : packet.destination, in: site.namespace))
            })
    }

    private mutating func readICMPType(_ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        if text == "any" || text == "255" { return }
        let parts = text.split(separator: "/")
        let isIPv6 = option == "--icmpv6-type"
        let type = parts.first.flatMap { UInt8($0) ?? icmpTypeNumber(String($0), isIPv6: isIPv6) }
        let code = parts.count > 1 ? UInt8(parts[1]) : nil
        add(
            .other, "\(option) \(text)", negated: negated,
            words: { packet, _ in
                packet.icmpType.map { "its ICMP type is \($0)" } ?? packet.protocolWords
            },
            { packet, _ in
                guard packet.ipProtocol == (isIPv6 ? .icmpv6 : .icmp) else { return false }
                guard let type, let actual = packet.icmpType else { return nil }
                if type != actual { return false }
                guard let code else { return true }
                return packet.icmpCode.map { $0 == code }
            })
    }

    private mutating func readRange(_ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let ends = text.split(separator: "-").map { IPAddress($0) }
        let isSource = option == "--src-range"
        add(
            isSource ? .source : .destination, "\(option) \(text)", negated: negated,
            words: { packet, _ in isSource ? packet.sourceWords : packet.destinationWords },
            { packet, _ in
                guard let first = ends.first ?? nil, let last = ends.last ?? nil else { return nil }
                let address = isSource ? packet.source : packet.destination
                return address.family == first.family && first <= address && address <= last
            })
    }

    private mutating func readPhysicalDevice(_ option: String, _ negated: Bool) {
        guard let pattern = next() else { return }
        let isIn = option == "--physdev-in"
        add(
            .other, "\(option) \(pattern)", negated: negated,
            words: { _, site in
                (isIn ? site.physicalInDevice : site.physicalOutDevice).map {
                    isIn ? "came in by port \($0)" : "leaves by port \($0)"
                } ?? "it is not at a bridge's port"
            },
            { _, site in
                guard let name = isIn ? site.physicalInDevice : site.physicalOutDevice else { return false }
                return interfaceMatches(pattern, name, wildcard: "+")
            })
    }

    private mutating func readTTL(_ option: String, _ negated: Bool) {
        guard let text = next() else { return }
        let wanted = UInt8(text)
        add(
            .other, "\(option) \(text)", negated: negated,
            words: { packet, _ in packet.ttl.map { "its TTL is \($0)" } ?? "its TTL is not known" },
            { packet, _ in
                guard let wanted, let ttl = packet.ttl else { return nil }
                if option.hasSuffix("-eq") { return ttl == wanted }
                return option.hasSuffix("-lt") ? ttl < wanted : ttl > wanted
            })
    }

    private mutating func readTarget() {
        guard let target = next() else { return }
        var options: [String: String] = [:]
        var name: String?
        while let token = next() {
            if token.hasPrefix("--") {
                options[token] = ""
                name = token
            } else if let known = name {
                options[known] = options[known].map { $0.isEmpty ? token : "\($0) \(token)" }
            }
        }
        program.steps.append(.action(Self.action(target, options)))
    }

    private static func action(_ target: String, _ options: [String: String]) -> RuleAction {
        switch target {
        case "ACCEPT": return .accept
        case "DROP": return .drop
        case "REJECT": return .reject(options["--reject-with"] ?? "icmp-port-unreachable")
        case "RETURN": return .return
        case "QUEUE", "NFQUEUE": return .queue
        case "MASQUERADE": return .masquerade
        case "SNAT": return .sourceTranslation(endpoint(options["--to-source"] ?? "").address)
        case "DNAT":
            let to = endpoint(options["--to-destination"] ?? "")
            return .destinationTranslation(to.address, to.port)
        case "REDIRECT": return .redirect(UInt16(options["--to-ports"] ?? ""))
        case "MARK":
            for (option, clearsOnlyMask) in [("--set-xmark", true), ("--set-mark", true), ("--or-mark", false)] {
                guard let text = options[option] else { continue }
                let parts = text.split(separator: "/").map { parseNumber(String($0)) }
                guard let value = parts.first ?? nil else { return .unknown("MARK \(text)") }
                if !clearsOnlyMask { return .setMark(value, mask: value) }
                return .setMark(value, mask: parts.count > 1 ? parts[1] ?? .max : .max)
            }
            return .unknown("MARK")
        case "LOG", "NFLOG", "TRACE", "AUDIT", "ULOG", "CONNMARK", "CT", "NOTRACK", "TCPMSS", "CHECKSUM", "CLASSIFY",
            "DSCP", "TOS", "TTL", "HL", "SET", "RATEEST", "LED", "CONNSECMARK", "SECMARK":
            return .goOn
        default: return .jump(target)
        }
    }

    /// `172.19.0.2:80`, `[fd00::2]:80`, `172.19.0.2`, `:80`; the first of a range.
    static func endpoint(_ text: String) -> (address: IPAddress?, port: UInt16?) {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let inside = text[text.index(after: text.startIndex)..<close]
            return (IPAddress(inside), UInt16(text[close...].dropFirst(2)))
        }
        if let address = IPAddress(text) { return (address, nil) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return (nil, nil) }
        let address = first.split(separator: "-").first.flatMap { IPAddress($0) }
        let port = parts.count > 1 ? parts[1].split(separator: "-").first.flatMap { UInt16($0) } : nil
        return (address, port)
    }
}

/// Decimal or 0x….
func parseNumber(_ text: String) -> UInt32? {
    let lower = text.lowercased()
    return lower.hasPrefix("0x") ? UInt32(lower.dropFirst(2), radix: 16) : UInt32(lower)
}

/// By name or number (protocols(5)); nil for a name that is not known here.
func protocolNumber(_ name: String) -> UInt8? {
    let names: [String: UInt8] = [
        "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "gre": 47, "esp": 50, "ah": 51,
        "icmpv6": 58, "ipv6-icmp": 58, "icmp6": 58, "ospf": 89, "sctp": 132, "udplite": 136,
    ]
    return UInt8(name) ?? names[name.lowercased()]
}

/// ICMP types by the names that iptables and nft use.
func icmpTypeNumber(_ name: String, isIPv6: Bool) -> UInt8? {
    let ipv4: [String: UInt8] = [
        "echo-reply": 0, "pong": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
        "ping": 8, "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "ttl-exceeded": 11,
        "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14,
    ]
    let ipv6: [String: UInt8] = [
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "ttl-exceeded": 3,
        "parameter-problem": 4, "echo-request": 128, "ping": 128, "echo-reply": 129, "pong": 129,
        "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132,
        "router-solicitation": 133, "router-advertisement": 134, "neighbour-solicitation": 135,
        "neighbor-solicitation": 135, "nd-neighbor-solicit": 135, "neighbour-advertisement": 136,
        "neighbor-advertisement": 136, "nd-neighbor-advert": 136, "nd-router-solicit": 133, "nd-router-advert": 134,
        "redirect": 137, "nd-redirect": 137,
    ]
    return (isIPv6 ? ipv6 : ipv4)[name]
}
