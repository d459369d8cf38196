internal import Discovery
internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Probes
internal import Runs
internal import Twin
internal import WalkModel

/// The process of one trial, in its sandbox: builds the network, opens its sockets, makes the changes, sends the packets.
public enum TrialServer {
    /// The command's hidden argument that means `run`.
    public static let argument = "__trial"

    /// Reads the order from standard input and writes the reply to standard output. Gives the exit status: 64 where it was
    /// not started by a trial.
    public static func run() -> Int32 {
        guard let sandbox = Sandbox.current, let text = try? readFile("/proc/self/fd/0"),
            let order = try? JSONDecoder().decode(TrialOrder.self, from: Data(text))
        else { return 64 }
        var work = TrialWork(order: order, sandbox: sandbox)
        do throws(TrialError) {
            try work.run()
        } catch {
            work.reply.error = error
        }
        guard var line = try? JSONEncoder().encode(work.reply) else { return 70 }
        line.append(UInt8(ascii: "\n"))
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return 74 }
            rest = rest.dropFirst(max(0, count))
        }
        return 0
    }
}

/// The steps of a trial, one after the other.
struct TrialWork {
    let order: TrialOrder
    let sandbox: Sandbox
    var reply = TrialReply()
    private let listeners = StandInListeners()
    private var last: Int64

    init(order: TrialOrder, sandbox: Sandbox) {
        self.order = order
        self.sandbox = sandbox
        last = order.began
    }

    mutating func run() throws(TrialError) {
        note("start")
        let unbuilt = try TrialShell.run(order.script)
        reply.warnings += unbuilt
        note("script")
        try openSockets()
        note("sockets")
        for (index, change) in order.changes.enumerated() { try TrialShell.make(change, index: index, in: order) }
        if !order.changes.isEmpty { note("changes") }
        if order.explains { try explain() } else { try send() }
        note("send")
    }

    private mutating func note(_ part: String) {
        let now = monotonicNanoseconds()
        reply.times.append(TrialReply.Time(part: part, milliseconds: Double(now - last) / 1e6))
        last = now
    }

    static func path(_ namespace: String?) -> String { namespace.map { "/run/netns/\($0)" } ?? "/proc/self/ns/net" }

    private func file(_ namespace: String?) throws(TrialError) -> NetworkNamespaceFile {
        do {
            return try NetworkNamespaceFile(path: Self.path(namespace))
        } catch {
            throw TrialError(.script, "cannot enter \(namespace ?? "the host") in the rebuilt network: \(error)")
        }
    }

    private mutating func openSockets() throws(TrialError) {
        do {
            for sockets in order.sockets {
                let name = sockets.namespace ?? "the host"
                try listeners.open(sockets.listeners, in: file(sockets.namespace), name: name)
            }
            try listeners.serve()
        } catch let error as TrialError {
            throw error
        } catch {
            throw TrialError(.script, "cannot open the sockets of the rebuilt network: \(error)")
        }
        reply.warnings += listeners.failures
        for (namespace, neighbours) in Dictionary(grouping: order.neighbours, by: \.namespace) {
            let file = try file(namespace)
            try? file.perform { for neighbour in neighbours { warm(neighbour.address, by: neighbour.device) } }
        }
    }

    private func sender(_ sent: TrialOrder.Sent) throws(TrialError) -> PacketSender {
        let file = try file(sent.namespace)
        do {
            return try PacketSender(sent.packet.request, in: file, name: sent.packet.from)
        } catch {
            throw TrialError(.packet, "\(error)")
        }
    }

    private mutating func send() throws(TrialError) {
        var senders: [PacketSender] = []
        var failures: [Int: TrialAnswer] = [:]
        reply.answers = []
        for (index, sent) in order.packets.enumerated() {
            let sender = try sender(sent)
            let failure = sender.send()
            if let failure { failures[index] = .unsent(errorNumber: failure.errorNumber) }
            if order.options.oneByOne {
                let answer =
                    failures[index]
                    ?? answer(of: sender, sender.awaitAnswer(timeoutMilliseconds: order.options.waitMilliseconds))
                reply.answers.append(answer)
            } else {
                senders.append(sender)
            }
        }
        if order.options.oneByOne { return }
        let waiting = senders.indices.filter { failures[$0] == nil }
        let answers = PacketSender.awaitAnswers(
            to: waiting.map { senders[$0] }, timeoutMilliseconds: order.options.waitMilliseconds)
        for (index, answer) in zip(waiting, answers) { failures[index] = self.answer(of: senders[index], answer) }
        reply.answers = senders.indices.map { failures[$0] ?? .silent }
    }

    private func answer(of sender: PacketSender, _ answer: PacketSender.Answer) -> TrialAnswer {
        switch answer {
        case .answered: .answered
        case .error(let number): .refused(errorNumber: number, byICMP: sender.hasICMPError)
        case .none: .silent
        }
    }

    private mutating func explain() throws(TrialError) {
        guard let sent = order.packets.first else { return }
        let names = Set(Sandbox.namedNamespaces)
        let explanation: Explanation
        do {
            try sandbox.hideFromThisThread(order.hidden.filter { names.contains($0) })
            var explainer = Explainer(
                from: Self.path(sent.namespace), request: sent.packet.request,
                waitSeconds: Double(order.options.waitMilliseconds) / 1000, hooks: order.options.hooks)
            explainer.tracesRules = order.options.tracesRules
            explainer.looksFurther = order.options.looksFurther
            explanation = try explainer.explain()
        } catch {
            throw TrialError(.packet, "\(error)")
        }
        let exchanges = explanation.group.exchanges
        reply.explained = TrialReply.Explained(
            exchanges: exchanges.map { exchange in
                TrialReply.Explained.Pair(
                    request: line(exchange.request), reply: exchange.reply.map(line),
                    isRequestAtReceiver: exchange.request.witness.isAtReceiver,
                    isReplyAtReceiver: exchange.reply?.witness.isAtReceiver ?? false)
            },
            arrived: !exchanges.isEmpty && exchanges.allSatisfy(\.arrived), warnings: explanation.warnings,
            remarks: explanation.remarks,
            topology: order.options.wantsTopology ? explanation.group.topology : nil)
    }

    /// With fixes as they are typed on the original host.
    private func line(_ walk: Walk) -> String {
        var walk = walk
        for index in walk.findings.indices {
            guard let remedy = walk.findings[index].remedy else { continue }
            let scope = CommandScope(home: order.originals[order.homeName]?.name ?? order.homeName)
            let actions = remedy.actions.map { action in
                var action = action
                if let place = action.place, let original = order.originals[place.name] {
                    action.place = RemedyAction.Place(name: original.name, path: original.path ?? place.path)
                }
                return RemedyAction(in: nil, .line(scope.line(action)))
            }
            walk.findings[index].remedy = Remedy(actions, verified: remedy.verified)
        }
        return WalkJSON.line(walk)
    }
}
