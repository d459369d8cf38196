public import Probes
public import Twin

/// Where packets can be tried: each call in a network of its own, rebuilt anew. `Trial` does it on the kernel.
///
/// Nothing is carried from one call to the next: a packet that failed leaves neighbour entries and connections behind that
/// would spoil the next one. Calls may be made from several threads at once.
public protocol PacketTrials: Sendable {
    /// What stands for the outside: packets can be sent from there by its name.
    var outsides: [TwinOutside] { get }
    /// The file by which a command of a change enters each namespace, by the snapshot's names; empty where they are entered as
    /// on the original host.
    var namespaceFiles: [String: String] { get }

    /// Makes the changes, sends one packet with every probe watching, and explains it. Throws `TrialError`.
    func explain(
        _ request: PacketRequest, from: String, changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialExplanation

    /// Makes the changes, sends the packets with nothing watching, and gives what their senders got to know. Throws
    /// `TrialError`.
    func send(
        _ packets: [TrialPacket], changes: [TrialChange], options: TrialOptions
    ) throws(TrialError) -> TrialAnswers
}

extension PacketTrials {
    public var outsides: [TwinOutside] { [] }
    public var namespaceFiles: [String: String] { [:] }

    public func explain(
        _ request: PacketRequest, from: String, changes: [String] = []
    ) throws(TrialError) -> TrialExplanation {
        try explain(request, from: from, changes: changes.map { TrialChange($0) }, options: TrialOptions())
    }

    public func send(
        _ packets: [TrialPacket], changes: [String] = [], waitMilliseconds: Int = 300
    ) throws(TrialError) -> TrialAnswers {
        try send(
            packets, changes: changes.map { TrialChange($0) }, options: TrialOptions(waitMilliseconds: waitMilliseconds)
        )
    }
}

/// How a trial is made.
public struct TrialOptions: Sendable, Codable, Hashable {
    /// How long an answer is waited for. Packets that are all answered sooner end the trial sooner.
    public var waitMilliseconds: Int
    /// Whether it is noted where each packet arrives, answered or not. The limits on ICMP errors and the delay of proxies are
    /// taken away for that in the rebuilt network: what is seen then depends on no rate.
    public var watchesArrivals: Bool
    /// Whether each packet is sent when the answer to the one before it has come, or its time is up; else all at once.
    public var oneByOne: Bool
    /// Whether the trial of packets that are sent at once ends as soon as nothing in the rebuilt network holds one of them any more:
    /// no neighbour is asked for, and no queue is there that delays.
    public var endsWhenQuiet: Bool
    /// Netfilter hooks, as `--hooks` names them.
    public var hooks: ProbePlan.Hooks
    /// Whether an explained packet is traced through the rules that it meets.
    public var tracesRules: Bool
    /// Whether an explained packet that was answered is compared with other traffic of its two ends.
    public var looksFurther: Bool
    /// Whether the explanation comes with the network as it was read in the twin.
    public var wantsTopology: Bool
    /// The trial is given up, and everything in it ended, after so long.
    public var limitMilliseconds: Int

    public init(
        waitMilliseconds: Int = 300, watchesArrivals: Bool = false, oneByOne: Bool = false,
        endsWhenQuiet: Bool = false, hooks: ProbePlan.Hooks = .auto, tracesRules: Bool = true,
        looksFurther: Bool = false, wantsTopology: Bool = false, limitMilliseconds: Int = 60_000
    ) {
        self.waitMilliseconds = waitMilliseconds
        self.watchesArrivals = watchesArrivals
        self.oneByOne = oneByOne
        self.endsWhenQuiet = endsWhenQuiet
        self.hooks = hooks
        self.tracesRules = tracesRules
        self.looksFurther = looksFurther
        self.wantsTopology = wantsTopology
        self.limitMilliseconds = limitMilliseconds
    }
}
