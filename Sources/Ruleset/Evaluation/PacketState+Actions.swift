internal import Network
internal import Wire

extension PacketState {
    /// The packet as a rule translates it. What the rule leaves to the kernel to choose stays as it is.
    mutating func translate(by action: RuleAction, at site: RuleSite, _ hook: NetfilterHook) {
        let target = (action.translation ?? TranslationTarget()).resolved(self, at: site)
        switch action {
        case .masquerade:
            isSourceTranslated = true
            if target.mayBeAnyPort { sourcePort = nil }
            let device = site.outDevice.flatMap { site.namespace[device: $0] }
            let own = device?.addresses.first {
                $0.address.family == source.family && !$0.address.isLinkLocal
            }
            source = own?.address ?? source
        case .sourceTranslation:
            isSourceTranslated = true
            if target.isOneOfSeveral { isSourceKnown = false }
            source = target.first ?? source
        case .destinationTranslation:
            if target.isOneOfSeveral { isDestinationKnown = false }
            translateDestination(to: target.first, target)
        case .redirect:
            let device = site.inDevice.flatMap { site.namespace[device: $0] }
            let own = device?.addresses.first { $0.address.family == destination.family }
            translateDestination(to: own?.address, target)
        case .netmap where hook == .postrouting || hook == .input:
            isSourceTranslated = true
            source = target.counterpart(of: source) ?? source
        case .netmap: translateDestination(to: target.counterpart(of: destination), TranslationTarget())
        default: return
        }
    }

    private mutating func translateDestination(to address: IPAddress?, _ target: TranslationTarget) {
        originalDestination = destination
        isDestinationTranslated = true
        destination = address ?? destination
        destinationPort = target.port(insteadOf: destinationPort)
    }

    /// What is no longer known of the packet where a rule may have translated it, or may not.
    mutating func doubt(_ action: RuleAction, _ hook: NetfilterHook) {
        switch action {
        case .masquerade, .sourceTranslation: isSourceKnown = false
        case .netmap where hook == .postrouting || hook == .input: isSourceKnown = false
        case .destinationTranslation, .redirect, .netmap:
            isDestinationKnown = false
            if action.translation?.ports != nil || action.translation?.mayBeAnyPort == true { destinationPort = nil }
        default: break
        }
    }

    /// A field that a rule writes; nil where what it writes can't be told.
    mutating func write(_ value: UInt64?, to field: RuleField) {
        switch field {
        case .timeToLive: ttl = value.map { UInt8(truncatingIfNeeded: $0) }
        case .port where !hasPorts: forgetHeaders()
        case .port(.source, _): sourcePort = value.map { UInt16(truncatingIfNeeded: $0) }
        case .port(.destination, _): destinationPort = value.map { UInt16(truncatingIfNeeded: $0) }
        case .address(.source, _): isSourceKnown = false
        case .address(.destination, _): isDestinationKnown = false
        case .connectionMark: connectionMark = value.map { UInt32(truncatingIfNeeded: $0) }
        case .tcpFlags: tcpFlags = value.map { UInt8(truncatingIfNeeded: $0) }
        case .length: length = 0
        case .dscp: dscp = value.map { UInt8(truncatingIfNeeded: $0) }
        case .icmpType: icmpType = value.map { UInt8(truncatingIfNeeded: $0) }
        case .icmpCode: icmpCode = value.map { UInt8(truncatingIfNeeded: $0) }
        case .mac(.source): macSource = nil
        case .mac(.destination): macDestination = nil
        case .other: forgetHeaders()
        default: break
        }
    }

    /// A rule wrote to bytes of which can't be told what they are.
    private mutating func forgetHeaders() {
        (isSourceKnown, isDestinationKnown) = (false, false)
        (sourcePort, destinationPort, icmpType, icmpCode, tcpFlags) = (nil, nil, nil, nil, nil)
        (ttl, dscp, dontFragment, macSource, macDestination) = (nil, nil, nil, nil, nil)
        length = 0
    }

    /// The connection's mark. A new one has none before a rule sets it.
    func connectionMark(at site: RuleSite) -> UInt32? {
        if let connectionMark { return connectionMark }
        guard connection == .new, !site.namespace.netfilter.compiled.setsConnectionMark else { return nil }
        return 0
    }

    /// The bits of `mask` come from the connection's mark, which a new connection has not set.
    mutating func restoreMark(mask: UInt32, at site: RuleSite) {
        guard let connectionMark = connectionMark(at: site) else {
            isMarkKnown = false
            return
        }
        mark = mark & ~mask | connectionMark & mask
        if mask == .max { isMarkKnown = true }
    }

    /// The bits of `mask` go to the connection's mark.
    mutating func saveMark(mask: UInt32, isSure: Bool) {
        guard isSure, isMarkKnown, mask == .max || connectionMark != nil else {
            connectionMark = nil
            return
        }
        connectionMark = (connectionMark ?? 0) & ~mask | mark & mask
    }

    /// - Parameter value: nil where it can't be told whether or to what the mark is set.
    mutating func setMark(_ value: UInt32?, mask: UInt32) {
        guard let value else {
            isMarkKnown = false
            return
        }
        mark = mark & ~mask ^ value
        if mask == .max { isMarkKnown = true }
    }
}
