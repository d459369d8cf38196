import Testing

/// A signal ends a run in order and in bounded time, however far behind it is and whoever reads its output.
@Suite("A signal", .serialized, .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(5)))
struct SignalTests {
    /// A flood of echo requests that the trace can't keep up with; `$T` is the trace.
    private static let flood = """
        ping -f -q -w 60 192.0.2.2 >/dev/null 2>&1 &
        F=$!
        finish() {
            began=$(now)
            kill -$1 $T
            (sleep 40; kill -9 $T) 2>/dev/null &
            wait $T; echo "status=$?"
            echo "took=$(($(now) - began))"
            kill $F
            nft list ruleset | grep -q packetwalk || echo hooks=none
        }

        """

    /// By the command's own limits: fifteen seconds, whatever happens, and some for a machine that is busy.
    private func expectBounded(_ run: SandboxShell, below limit: Int = 20_000) throws {
        let took = try #require(run["took"].flatMap { Int($0) }, "\(run.text)\(run.errorText)")
        #expect(took < limit)
        #expect(run["hooks"] == "none", "\(run.text)")
        #expect(run.rawControl == nil)
    }

    @Test("ends a trace in order", arguments: ["INT", "TERM", "HUP"], ["nftables", "iptables"])
    func quiet(signal: String, hooks: String) throws {
        let run = try SandboxShell(
            """
            $P trace --packets -q --hooks \(hooks) icmp >walks & T=$!
            armed walks
            hooks() { { nft list tables; iptables-nft-save; } 2>/dev/null | grep packetwalk; }
            hooks >/dev/null && echo laid=yes
            ping -c 1 -W 2 192.0.2.2 >/dev/null
            kill -\(signal) $T; wait $T; echo "status=$?"
            hooks || echo hooks=none
            """)
        #expect(run["laid"] == "yes" && run["hooks"] == "none", "\(run.text)")
        #expect(run["status"] == "0", "\(run.text)\(run.errorText)")
        #expect(run.errorText.isEmpty)
    }

    @Test("ends a trace that is behind, with what is known")
    func flooded() throws {
        let run = try SandboxShell(
            Self.flood + """
                $P trace --packets -q icmp >walks & T=$!
                armed walks; sleep 3
                finish TERM
                grep -q 'icmp 192.0.2.1 .* 192.0.2.2 seq' walks && echo printed=yes
                """)
        try expectBounded(run)
        #expect(["0", "1"].contains(run["status"]), "\(run.text)\(run.errorText)")
        #expect(run["printed"] == "yes")
    }

    @Test("ends a trace that is behind with explaining drops")
    func explaining() throws {
        let run = try SandboxShell(
            """
            ip netns exec router nft -f - <<'RULES'
            table ip t {
                chain c { type filter hook input priority 0; icmp type echo-request drop
                }
            }
            RULES

            """ + Self.flood + """
                # A flood that nobody answers sends a hundred packets a second: more of them.
                for _ in 1 2 3 4 5 6 7 8 9; do ping -f -q -w 60 192.0.2.2 >/dev/null 2>&1 & done
                $P trace --packets icmp >walks & T=$!
                armed walks; sleep 4
                finish TERM
                echo "dropped=$(grep -c 'dropped.*ping host' walks)"
                """)
        try expectBounded(run)
        #expect(run["status"] == "1", "\(run.text)\(run.errorText)")
        #expect(run["dropped"].flatMap { Int($0) } ?? 0 > 0, "\(run.text)\(run.errorText)")
    }

    @Test("ends a trace whose output nobody takes, and says so")
    func unread() throws {
        let run = try SandboxShell(
            Self.flood + """
                mkfifo walks; exec 9<>walks
                # Full from the start: how much is printed before the signal must not matter.
                dd if=/dev/zero bs=4096 count=1024 oflag=nonblock >&9 2>/dev/null
                $P trace --packets icmp >walks 2>errors & T=$!
                for _ in $(seq 200); do nft list ruleset | grep -q packetwalk && break; sleep 0.1; done
                # The flood pauses until the trace comes to its first walk and waits, in poll(2) of one descriptor, to write it.
                waits() { cat /proc/$T/task/*/syscall | grep -q '^7 0x[0-9a-f]* 0x1 0xfa '; }
                sleep 1; kill -STOP $F; until_true 600 waits && echo waits=yes; kill -CONT $F; sleep 2
                finish TERM
                echo "error=$(tail -n 1 errors)"
                """)
        try expectBounded(run)
        #expect(run["waits"] == "yes", "\(run.text)\(run.errorText)")
        #expect(run["status"] == "74", "\(run.text)\(run.errorText)")
        #expect(
            run["error"] == "packetwalk: cannot write the last walks: nobody read the output since SIGTERM")
    }

    @Test("that comes a second time ends the run at once")
    func second() throws {
        let run = try SandboxShell(
            Self.flood + """
                mkfifo walks; sleep 100 <walks &
                $P trace --packets --hooks iptables icmp >walks 2>errors & T=$!
                sleep 4
                kill -INT $T; sleep 0.3
                finish INT
                until_true 100 sh -c '! iptables-save | grep -q packetwalk' && echo rules=gone
                """)
        let took = try #require(run["took"].flatMap { Int($0) }, "\(run.text)\(run.errorText)")
        #expect(took < 1500)
        #expect(run["status"] == "130", "\(run.text)\(run.errorText)")
        #expect(run["rules"] == "gone")
    }

    @Test("is passed on to the command that is traced, whose status is ours")
    func passedOn() throws {
        let run = try SandboxShell(
            """
            $P trace icmp -- sh -c 'trap "exit 5" TERM; echo up >up; while :; do sleep 0.05; done' & T=$!
            until_true 200 test -s up
            kill -TERM $T; wait $T; echo "status=$?"
            """)
        #expect(run["status"] == "5", "\(run.text)\(run.errorText)")
    }

    @Test("is not needed where the reader has gone: a broken pipe ends the run quietly")
    func brokenPipe() throws {
        let run = try SandboxShell(
            """
            ping -i 0.05 -q 192.0.2.2 >/dev/null 2>&1 &
            began=$(now)
            { $P trace --packets -q icmp; echo "status=$?" >status; } 2>errors | head -n 1 >first
            until_true 100 test -s status
            cat status; echo "took=$(($(now) - began))"
            echo "errors=$(cat errors)"; echo "first=$(cat first)"
            """)
        #expect(run["status"] == "0", "\(run.text)\(run.errorText)")
        #expect(run["errors"] == "")
        #expect(run["first"]?.contains("192.0.2.1 → 192.0.2.2 seq") == true)
    }

    @Test("of a closed terminal is not heard where it was ignored from the start")
    func nohup() throws {
        let run = try SandboxShell(
            """
            (trap '' HUP; exec $P trace --packets -q --duration 6 icmp >walks) & T=$!
            armed walks; kill -HUP $T; sleep 1
            kill -0 $T && echo alive=yes
            """)
        #expect(run["alive"] == "yes", "\(run.text)\(run.errorText)")
    }
}
