import Discovery
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Probes
internal import Network

/// Lays hooks in the namespace that it is started in and in every one of `ip netns`, says `armed`, and prints what it
/// saw when it is told to stop (SIGINT, SIGTERM or the end of its input). The tests start it, and kill it.
///
///     hook-exercise auto|bpf|nftables|iptables [FILTER]
@main
struct HookExercise {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count == 2, arguments[1] == HookGuardian.argument { exit(HookGuardian.run()) }
        guard arguments.count >= 2, let hooks = ProbePlan.Hooks(rawValue: arguments[1]) else {
            complain("usage: hook-exercise auto|bpf|nftables|iptables [FILTER]")
            exit(64)
        }
        do {
            try run(hooks: hooks, filter: arguments.count > 2 ? arguments[2] : nil)
        } catch {
            complain("\(error)")
            exit(69)
        }
    }

    private static func run(hooks: ProbePlan.Hooks, filter: String?) throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        var topology = try Topology.discover()
        if topology.namespaces.isEmpty {
            topology = Topology(
                host: "", time: "",
                namespaces: [Namespace(name: "host", inode: 0, path: "/proc/self/ns/net")]
                    + directoryNames("/run/netns").map { Namespace(name: $0, inode: 0, path: "/run/netns/\($0)") })
        }
        var plan = ProbePlan(filter: filter, hooks: hooks, rules: .standard)
        plan.guardian = ["/proc/self/exe", HookGuardian.argument]
        let source = try LiveSource(topology: topology, plan: plan)
        for warning in source.warnings { complain(warning) }
        say("armed")

        var packets = 0
        var lost: UInt64 = 0
        var seen: [String: Int] = [:]
        var points: [VantageID: VantagePoint] = [:]
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        var isStopping = false
        while let batch = source.next(timeoutMilliseconds: 20) {
            for event in batch.events {
                switch event {
                case .vantage(let number, let point): points[number] = point
                case .packet(let observation):
                    guard let point = points[observation.vantage], point.kind == .netfilter else { continue }
                    packets += 1
                    let place =
                        "\(point.namespace) \(point.hook?.rawValue ?? "") "
                        + "\(point.edge?.rawValue ?? "") \(point.stage?.rawValue ?? "")"
                    seen[place, default: 0] += 1
                case .loss(let loss): lost += loss.lost
                default: break
                }
            }
            var pending = sigset_t()
            sigpending(&pending)
            let isSignalled = sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1
            if !isStopping, isSignalled || poll(&input, 1, 0) > 0 {
                isStopping = true
                source.stop()
            }
        }
        say("packets \(packets) lost \(lost)")
        for (place, count) in seen.sorted(by: { $0.key < $1.key }) { say("\(count) \(place)") }
    }

    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func complain(_ line: String) {
        let text = "hook-exercise: \(line)\n"
        _ = text.withCString { write(2, $0, strlen($0)) }
    }
}
