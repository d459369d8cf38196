import Glibc
import Network
import Observations
import Testing
import Twin
import WalkModel
import Wire

/// With fewer sources of evidence the findings get fewer or weaker, never wrong: a lab's first finding is its cause, or
/// none that is said to be the cause, and the exit status agrees with the walks.
@Suite("With less to look at, a lab that fails", .enabled(if: LabRun.isAvailable))
struct WeakModeLabTests {
    /// Every lab in every mode takes a quarter of an hour: `make labs`.
    static let isThorough = getenv("PACKETWALK_WEAK_LABS") != nil

    /// Labs that are to be explained by their cause all the same: what the mode leaves out is known from elsewhere.
    private static let found: [(lab: String, mode: WeakMode)] = [
        // Without hooks: by the links, the kernel's drop reasons and the state.
        ("bridge-port-blocked-hairpin", .noHooks), ("dnat-not-forwarded-nftables", .noHooks),
        ("no-source-nat-ipv6", .noHooks), ("port-not-published-output", .noHooks), ("stale-forward", .noHooks),
        ("rule-drop-tunnel", .noHooks), ("rule-reject-ip6tables", .noHooks), ("rule-drop-output-tcp", .noHooks),
        ("hairpin-missing-nftables", .noHooks), ("policy-drop-neighbour-advertisement", .noHooks),
        ("rule-drop-fragments-iptables", .noHooks),
        // Without the rule trace: by the rules as they were read.
        ("accept-not-final", .noRules), ("policy-drop-iptables-legacy", .noRules),
        ("rule-drop-chains-iptables-nft", .noRules), ("service-without-endpoints-nftables", .noRules),
        // Without drop reasons: by where the packet was seen last.
        ("blackhole-route-ipv6", .noDropReasons), ("forwarding-disabled", .noDropReasons),
        ("mtu-exceeded", .noDropReasons), ("listener-elsewhere", .noDropReasons),
        // By links and state alone.
        ("conntrack-stale", .none), ("network-isolation", .none), ("route-localnet-inbound", .none),
        ("rule-drop-input", .none), ("rule-drop-reply-input", .none), ("stale-forward-nftables", .none),
        ("two-faults-rule-listener", .none), ("rule-drop-one-device", .none), ("rule-drop-one-device-ipv6", .none),
        ("reply-source-mismatch-forward", .none),
    ]

    /// Labs whose cause can't be known then.
    private static let unknown: [(lab: String, mode: WeakMode)] = [
        // The kernel alone can tell what it refused, and what a program dropped.
        ("kernel-refusal-signature", .noDropReasons), ("tc-drop", .none),
    ]

    @Test("is explained by its cause, known from elsewhere", arguments: found)
    func cause(lab: String, mode: WeakMode) async throws {
        let result = try await Self.result(lab, mode) { $0 != .cause }
        #expect(result == .cause, "\(lab) with \(mode.testDescription)")
    }

    @Test("is not explained by a cause that nobody knows", arguments: unknown)
    func less(lab: String, mode: WeakMode) async throws {
        let result = try await Self.result(lab, mode, isToRepeat: \.isWrong)
        guard case .less = result else {
            Issue.record("\(lab) with \(mode.testDescription): \(result)")
            return
        }
    }

    @Test(
        "is never explained by another cause", .enabled(if: isThorough), arguments: FaultLabTests.labs,
        WeakMode.allCases)
    func thorough(lab: String, mode: WeakMode) async throws {
        let result = try await Self.result(lab, mode, isToRepeat: \.isWrong)
        if case .less(let words) = result { print("\(lab) with \(mode.testDescription): \(words)") }
        #expect(!result.isWrong, "\(lab) with \(mode.testDescription): \(result)")
    }

    @Test("and one that works is one exchange, though its sender translates it before any device sees it")
    func translatedBySender() async throws {
        let run = try await LabRun.inPlace {
            try LabRun.packetwalk(["lab", "run", "host-to-service", "--format", "json"] + WeakMode.none.options)
        }
        let request = try #require(run.walks.first { $0.kind.opensConnection }, "\(run.standardError)")
        #expect(run.status == 0)
        #expect(request.outcome == .delivered && request.findings.isEmpty, "\(request.findings.map(\.message))")
        #expect(request.destination == "198.18.0.10" && request.destinationPort == 80)
        #expect(request.hops.last.map { $0.namespace == "mynamespace" && $0.packet.destinationPort == 8080 } == true)
        let sent = try #require(request.hops.first { $0.vantage == .link })
        #expect(sent.evidence.contains(.conntrack) && sent.changes.contains { $0.field == .source })
        #expect(run.walks.contains { $0.answers == request.id && $0.outcome == .delivered })
    }

    /// Labs whose packet is sent from where the tool sees, as `explain` sends it.
    private static let hidden: [String] =
        (try? LabLibrary.find().labs())?.filter { lab in
            FaultLabTests.labs.contains(lab.name) && !lab.far.isEmpty && !lab.far.contains(lab.probe.from)
        }.map(\.name) ?? []

    /// One of each kind of evidence that a hidden end takes away.
    private static let hiddenSample = [
        "forwarding-disabled", "mtu-exceeded", "no-source-nat", "process-stopped", "queue-full",
        "reverse-path-filter", "rule-drop-neighbour-advertisement", "rule-drop-reply-input", "source-nat-unheld",
        "ttl-expired",
    ]

    @Test(
        "is never explained by another cause where its far end can't be seen either",
        arguments: isThorough ? hidden : hiddenSample, [WeakMode.noHooks, .none])
    func hiddenToo(lab: String, mode: WeakMode) async throws {
        let result = try await Self.result(lab, mode, isHidden: true, isToRepeat: \.isWrong)
        if Self.isThorough, case .less(let words) = result {
            print("\(lab), hidden, with \(mode.testDescription): \(words)")
        }
        #expect(!result.isWrong, "\(lab), hidden, with \(mode.testDescription): \(result)")
    }

    /// Once more where it is not what it is to be: on a busy machine a listener, an answer or an event can come too late.
    private static func result(
        _ name: String, _ mode: WeakMode, isHidden: Bool = false, isToRepeat: @Sendable (WeakResult) -> Bool
    ) async throws -> WeakResult {
        let lab = try LabLibrary.find().lab(named: name)
        let first = try await LabRun.inPlace { try WeakResult(lab, mode, isHidden: isHidden) }
        guard isToRepeat(first) else { return first }
        print("\(name) with \(mode.testDescription), at first: \(first)")
        return try await LabRun.inPlace { try WeakResult(lab, mode, isHidden: isHidden) }
    }
}
