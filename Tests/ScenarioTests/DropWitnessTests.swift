import Glibc
import Testing
import Twin
import WalkModel

/// Drop reasons where the BPF program is not used: by a trace instance of the tool's own.
@Suite("Drop reasons by tracefs", .serialized, .enabled(if: isTracefsUsable))
struct DropWitnessTests {
    @Test("stand behind the cause that they fit, live and replayed", arguments: [false, true])
    func evidence(isHidden: Bool) throws {
        let hiding = isHidden ? try LabRun.hiding("tc-drop") : []
        let (live, replayed) = try LabRun.recorded(
            ["lab", "run", "tc-drop", "--drops", "tracefs", "--format", "json"] + hiding)
        let walk = try #require(live.walks.first, "\(live.standardError)")
        let finding = try #require(walk.findings.first)
        #expect(finding.code == "tc-drop")
        // Whatever else this machine drops meanwhile: the reason is among what is told.
        let words = try #require(
            finding.evidence.first { $0.description.contains("tracefs names neither") }, "\(finding.evidence)")
        #expect(words.text.contains("TC_INGRESS"))
        // The program can't be looked into, and nobody says that it was this packet.
        #expect(finding.severity == .warning)
        #expect(replayed.walks.first { $0.id == walk.id } == walk)
    }

    @Test("the instance goes with its run, however that ends, and nobody else's tracing is touched")
    func leavesNothing() throws {
        let shell = try SandboxShell(
            """
            mkdir tracing && mount -t tracefs none tracing || exit 9
            space=$(readlink /proc/self/ns/pid | tr -dc 0-9)
            # instances PID: how many are of this run
            instances() { ls tracing/instances | grep -c "^packetwalk-$1\\.[0-9]*\\.$space-[0-9]*$"; }
            is_armed() { [ "$(cat tracing/instances/packetwalk-$1.*.$space-*/events/skb/kfree_skb/enable)" = 1 ]; }
            is_gone() { [ "$(instances $1)" = 0 ]; }
            start() {
                "$P" trace --drops tracefs --duration 60 icmp >out 2>errors & run=$!
                until_true 200 is_armed $run || { echo "not armed: $(cat errors)"; exit 8; }
            }
            cat tracing/events/skb/kfree_skb/enable tracing/events/skb/kfree_skb/filter tracing/trace_clock >before

            start
            cat tracing/events/skb/kfree_skb/enable tracing/events/skb/kfree_skb/filter tracing/trace_clock >during
            cmp -s before during && echo untouched=yes
            kill -INT $run; wait $run
            echo interrupted=$(instances $run)

            start
            kill -9 $run; wait $run
            until_true 100 is_gone $run && echo killed=0

            start
            guardian=$(cat /proc/$run/task/$run/children /proc/$run/task/*/children 2>/dev/null | tr ' ' '\\n' | sort -u)
            kill -9 $guardian $run; wait $run
            sleep 0.3
            echo both=$(instances $run)
            dead=$run
            start
            "$P" cleanup >removed || cat removed
            grep -q "^removed the trace instance of run $dead\\." removed && echo said=yes
            echo cleaned=$(instances $dead) alive=$(instances $run)
            kill -INT $run; wait $run
            echo last=$(instances $run)
            """, privileged: true)
        #expect(shell["untouched"] == "yes", "\(shell.text)\(shell.errorText)")
        #expect(shell["interrupted"] == "0")
        #expect(shell["killed"] == "0")
        #expect(shell["both"] == "1")
        #expect(shell["said"] == "yes", "\(shell.text)\(shell.errorText)")
        #expect(shell["cleaned"] == "0 alive=1")
        #expect(shell["last"] == "0")
    }

    @Test("a witness that was asked for and can't be had is an error, and says why", arguments: ["bpf", "tracefs"])
    func refused(witness: String) throws {
        let shell = try SandboxShell("\"$P\" trace --drops \(witness) --duration 1 icmp; echo status=$?")
        #expect(shell["status"] == "77", "\(shell.errorText)")
        #expect(shell.errorText.contains("Operation not permitted; `packetwalk doctor` says"))
        #expect(shell.errorText.split(separator: "\n").count == 1)
        let doctor = try SandboxShell("\"$P\" doctor --format json")
        #expect(doctor.text.contains("counters of /proc/net/snmp"), "\(doctor.text)")
    }
}

/// tracefs is root's, and of root in the machine's first user namespace alone.
private let isTracefsUsable =
    geteuid() == 0 && SandboxShell.isAvailable
    && (try? SandboxShell("mkdir tracing; mount -t tracefs none tracing", privileged: true))?.status == 0
