internal import Network
internal import Wire

extension PacketState {
    /// The packet as a rule translates it. What the rule leaves to the kernel to choose stays as it is.
    mutating func translate(by action: RuleAction, at site: RuleSite, _ hook: NetfilterHook) {
        let target = action.translation ?? TranslationTarget()
        switch action {
        case .masquerade:
            isSourceTranslated = true
            let device = site.outDevice.flatMap { site.namespace[device: $0] }
            let own = device?.addresses.first {
                $0.address.family == source.family && !$0.address.isLinkLocal
            }
            source = own?.address ?? source
        case .sourceTranslation:
            isSourceTranslated = true
            source = target.first ?? source
        case .destinationTranslation: translateDestination(to: target.first, target.ports)
        case .redirect:
            let device = site.inDevice.flatMap { site.namespace[device: $0] }
            let own = device?.addresses.first { $0.address.family == destination.family }
            translateDestination(to: own?.address, target.ports)
        case .netmap where hook == .postrouting || hook == .input:
            isSourceTranslated = true
            source = target.counterpart(of: source) ?? source
        case .netmap: translateDestination(to: target.counterpart(of: destination), nil)
        default: return
        }
    }

    private mutating func translateDestination(to address: IPAddress?, _ ports: ClosedRange<UInt16>?) {
        originalDestination = destination
        isDestinationTranslated = true
        destination = address ?? destination
        destinationPort = ports?.lowerBound ?? destinationPort
    }

    /// - Parameter value: nil where it can't be told whether or to what the mark is set.
    mutating func setMark(_ value: UInt32?, mask: UInt32) {
        if let value { mark = mark & ~mask ^ value } else { isMarkKnown = false }
    }
}
