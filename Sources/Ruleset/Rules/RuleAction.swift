package import Network

/// What a rule does once its conditions hold.
package indirect enum RuleAction: Hashable, Sendable {
    case accept
    case drop
    /// With what: `icmp-port-unreachable`, `tcp-reset`.
    case reject(String)
    case jump(String)
    case goto(String)
    case `return`
    /// A program in user space decides.
    case queue(PacketQueue)
    case masquerade(TranslationTarget)
    case sourceTranslation(TranslationTarget)
    case destinationTranslation(TranslationTarget)
    /// To the namespace itself.
    case redirect(TranslationTarget)
    /// One network onto another, host part kept: of the source at postrouting and input, else of the destination.
    case netmap(TranslationTarget)
    /// The mark becomes `mark & ~mask ^ value`; without a value, one that can't be known.
    case setMark(UInt32?, mask: UInt32)
    /// Writes a number to a field; nil where it can't be told.
    case write(RuleField, UInt64?)
    /// The mark's bits come from the connection's mark, or go there.
    case restoreMark(mask: UInt32)
    case saveMark(mask: UInt32)
    case verdictMap(VerdictMap)
    /// A socket of the namespace takes it.
    case transparentProxy(TransparentProxy)
    case noTrack
    /// Another part of the connection table for it.
    case setZone(ZoneAssignment)
    /// A device sends it, whatever its destination (nft `fwd`); nil where a map names the device.
    case forward(to: String?)
    case log
    case counter
    /// Does nothing to the packet that a later rule here could ask for, by its name: `TCPMSS`, `flow`.
    case pass(String)
    /// nft's `jump { … }`: a chain without a name inside the rule.
    case block(RuleBlock)
    /// A target of which nothing is known.
    case other(String)
}

extension RuleAction {
    /// Whether it can end the packet's path through a chain or lead it elsewhere.
    var endsOrBranches: Bool {
        switch self {
        case .setMark, .write, .restoreMark, .saveMark, .transparentProxy, .noTrack, .setZone, .log, .counter, .pass:
            false
        default: true
        }
    }

    /// Whether it decides how conntrack sees a packet.
    var steersConntrack: Bool {
        switch self {
        case .noTrack, .setZone: true
        default: false
        }
    }

    /// Whether it may write the mark of the packet's connection.
    var isSynProxy: Bool {
        if case .other(let name) = self { name.lowercased().hasPrefix("synproxy") } else { false }
    }

    var setsConnectionMark: Bool {
        switch self {
        case .saveMark, .write(.connectionMark, _): true
        case .block(let block): block.has("mark")
        case .other: true
        default: false
        }
    }

    /// Where it translates an address to; nil for any other action.
    package var translation: TranslationTarget? {
        switch self {
        case .masquerade(let target), .sourceTranslation(let target), .destinationTranslation(let target),
            .redirect(let target), .netmap(let target):
            target
        default: nil
        }
    }

    /// `masquerade`, `snat`, `dnat`, `redirect`, `netmap`; nil for any other action.
    package var translationKind: TranslationKind? {
        switch self {
        case .masquerade: .masquerade
        case .sourceTranslation: .snat
        case .destinationTranslation: .dnat
        case .redirect: .redirect
        case .netmap: "netmap"
        default: nil
        }
    }
}
