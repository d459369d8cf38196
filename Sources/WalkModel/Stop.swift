public import Network
public import Observations
public import Wire

/// Where a walk ended that did not arrive, and who says so: what is known of it.
public struct Stop: Sendable, Hashable {
    /// Who says why the packet went no further. A rule comes beside it: the kernel frees what a rule dropped, and tells
    /// of both.
    public enum Cause: Sendable, Hashable {
        /// The kernel freed it: `NETFILTER_DROP`, … (`enum skb_drop_reason` without its prefix), by the kernel function
        /// `location`.
        case kernelDrop(reason: DropReason, location: String?)
        /// An ICMP or ICMPv6 error came back, from `source`.
        case icmpError(source: IPAddress, type: UInt8, code: UInt8)
        /// The sender's socket call failed. `message`: as strerror(3) says it.
        case sendFailure(errorNumber: Int32, message: String)
    }

    public var namespace: String?
    public var device: String?
    public var vantage: VantagePoint.Kind?
    public var hook: NetfilterHook?
    public var stage: NetfilterStage?
    /// Nil where nobody said it.
    public var cause: Cause?
    /// The rule that ended it.
    public var rule: RuleReference?

    public init(
        namespace: String? = nil, device: String? = nil, vantage: VantagePoint.Kind? = nil, hook: NetfilterHook? = nil,
        stage: NetfilterStage? = nil, cause: Cause? = nil, rule: RuleReference? = nil
    ) {
        self.namespace = namespace
        self.device = device
        self.vantage = vantage
        self.hook = hook
        self.stage = stage
        self.cause = cause
        self.rule = rule
    }

    /// The kernel's drop reason: `NETFILTER_DROP`.
    public var dropReason: DropReason? {
        if case .kernelDrop(let reason, _) = cause { reason } else { nil }
    }

    /// The kernel function that freed the packet: `nft_do_chain`.
    public var location: String? {
        if case .kernelDrop(_, let location) = cause { location } else { nil }
    }

    /// The cause as text: `NETFILTER_DROP`, `ICMP type 3 code 1 from 203.0.113.1`,
    /// `Network is unreachable (errno 101)`.
    public var reason: String? {
        switch cause {
        case .kernelDrop(let reason, _): reason.rawValue
        case .icmpError(let source, let type, let code):
            "ICMP\(source.isIPv4 ? "" : "v6") type \(type) code \(code) from \(source)"
        case .sendFailure(let number, let message): "\(message) (errno \(number))"
        case nil: nil
        }
    }
}
