package import Network

/// What the rules of one hook do with a packet, as far as the snapshot tells.
package struct HookResult: Sendable {
    /// A rule or policy that ends the packet's path.
    package struct Ending: Sendable {
        package enum Kind: Sendable, Hashable {
            case drop
            case reject(String)
            case policy
            /// No program reads the queue that it is handed to.
            case queue(PacketQueue)
            /// No socket is there to take it.
            case proxy(TransparentProxy)
            /// A device sends it, whatever its destination; nil where its name can't be told.
            case forward(to: String?)

            /// What the rule's reference says that it did.
            var verdict: Verdict {
                switch self {
                case .drop: .drop
                case .forward: .stolen
                case .reject, .policy, .queue, .proxy: .reject
                }
            }
        }
        package var kind: Kind
        /// For a policy: without position, verdict `policy drop`.
        package var rule: RuleReference
        package var comment: String?
        package var chain: RuleChain
        /// The jumps that led to the rule's chain, from the base chain on.
        package var path: [RuleReference]
        /// The rules before it that did not match: the nearest eight.
        package var unmatched: [RuleMiss]
        /// Rules of earlier base chains at this hook that accepted it.
        package var accepted: [RuleReference]
        /// By how many packets its counter rose around the packet; nil where that is not known.
        package var rise: UInt64?
        /// Whether a rule before it may have accepted the packet, or sent it back past this one.
        package var mayBePassedBy = false

        package init(
            kind: Kind, rule: RuleReference, comment: String? = nil, chain: RuleChain, path: [RuleReference] = [],
            unmatched: [RuleMiss] = [], accepted: [RuleReference] = []
        ) {
            self.kind = kind
            self.rule = rule
            self.comment = comment
            self.chain = chain
            self.path = path
            self.unmatched = unmatched
            self.accepted = accepted
        }
    }

    /// A rule that would have translated the packet but for one condition.
    package struct NearMiss: Sendable {
        package var compiled: CompiledRule
        package var action: RuleAction
        /// The one that failed.
        package var match: Match
        package var because: String

        package var rule: RuleReference { compiled.reference }
        /// The condition as its rule writes it.
        package var condition: String {
            compiled.isNftables ? match.field.nftName : match.iptablesText
        }
    }

    /// A rule that set the packet's mark.
    package struct Marking: Sendable {
        package var rule: RuleReference
        /// The jumps that led to it, from the base chain on.
        package var path: [RuleReference]
        /// The bits that it set or cleared.
        package var mask: UInt32
        /// The mark after it.
        package var mark: UInt32
    }

    /// A rule that sets the packet's zones of the connection table.
    package struct Zoning: Sendable {
        package var rule: RuleReference
        package var chain: RuleChain
        /// Nil where they can't be told, or whether the rule matches.
        package var zone: ConntrackZone?
    }

    /// A rule that gives the packet to a socket of the namespace.
    package struct Proxying: Sendable {
        package var rule: RuleReference
        package var proxy: TransparentProxy
        /// False where there is no such socket, and the packet goes on without (nft).
        package var isServed: Bool
    }

    /// The drop that the packet surely meets, unless something before could not be told.
    package var ending: Ending?
    /// The last of its kind that the packet surely meets.
    package var proxying: Proxying?
    /// The fragment that meets it; nil where the whole datagram does.
    package var fragment: FragmentPart?
    /// Drops that it meets if conditions hold that can't be told from here.
    package var possible: [Ending] = []
    /// Conditions that could not be told and could have let it pass, or end otherwise.
    package var doubts: [String] = []
    /// The packet as it goes on.
    package var packet: PacketState
    /// The rule that translates it, where one does.
    package var translation: (rule: RuleReference, action: RuleAction)?
    /// Rules that accepted it.
    package var accepted: [RuleReference] = []
    package var nearMisses: [NearMiss] = []
    /// Rules that surely set its mark, in order.
    package var markings: [Marking] = []
    /// The rule that keeps conntrack from it (NOTRACK).
    package var untracking: RuleReference?
    /// What the first rule that sets its zones says of them: later ones do nothing (xt_ct_target, nft_ct_set_zone_eval).
    package var zoning: Zoning?
    /// False where a base chain of the other backend (iptables-legacy, nf_tables) with the same priority ends the packet
    /// too: which of them runs first can't be read from state.
    package var isOrderKnown = true

    /// Which rules count the packet, where that was asked: `unknown` for those that may. The others don't, unless they
    /// stand behind an `ending` with doubts.
    package var counts: [RuleReference: Truth] = [:]

    package var isCertain: Bool { doubts.isEmpty }
    /// Whether the packet may have ended here, or goes on to where can't be told.
    package var leavesDoubt: Bool { !possible.isEmpty || !packet.isDestinationKnown || !packet.isSourceKnown }
}
