import Testing

/// `replay --follow` of what `record` still writes.
@Suite("A recording that is still written is followed", .enabled(if: SandboxShell.isAvailable))
struct FollowTests {
    /// Records pings of the router in the background, to `$1` with the options that follow.
    private static let prelude = """
        export LC_ALL=C.UTF-8
        recording() {
            file=$1; shift
            $P record -o "$file" "$@" icmp 2>recorded & recorder=$!
            until_true 300 sh -c 'ls run*.pcapng ring*.pcapng 2>/dev/null | grep -q .'
            until_true 300 sh -c 'ping -c 1 -W 1 192.0.2.2; sleep 0.3; $P replay --no-pager -q *.pcapng | grep -q .'
        }
        # Connections of the output so far: each ping of the shell has a payload of its own.
        pings() { grep -c '^. .*ping host → 192.0.2.2' "$1"; }
        ping_once() { ping -c 1 -W 1 -q 192.0.2.2 >/dev/null; }

        """

    @Test("each packet is shown while the recording goes on, once; Ctrl-C ends it with the status of a replay")
    func follows() throws {
        let run = try SandboxShell(
            Self.prelude + """
                recording run.pcapng
                $P replay --follow --packets -q run.pcapng >out 2>err & follower=$!
                until_true 300 [ -s out ]; before=$(wc -l <out)
                ping_once; until_true 300 sh -c "[ \\$(wc -l <out) -gt $before ]" && echo shown=yes
                iptables-nft -A OUTPUT -p icmp -j DROP; ping_once
                until_true 300 grep -q rule-drop out && echo dropped=yes
                kill -INT $follower; wait $follower; echo "status=$?"
                kill -INT $recorder; wait $recorder
                $P replay --packets -q run.pcapng >whole; sort out >a; sort whole >b; cmp a b && echo same=yes
                cat err
                """)
        for key in ["shown", "dropped", "same"] { #expect(run[key] == "yes", "\(run.text)\(run.errorText)") }
        #expect(run["status"] == "1", "\(run.text)\(run.errorText)")
        #expect(!run.text.contains("ends inside"))
    }

    @Test("a ring goes on in its next files, also in those of the service's next run")
    func ring() throws {
        let run = try SandboxShell(
            Self.prelude + """
                recording ring.pcapng --ring 3x2s
                $P replay --follow --packets -q ring_*.pcapng >out 2>err & follower=$!
                for i in 1 2 3 4 5 6 7; do ping_once; sleep 1; done
                ls ring_*.pcapng | tail -1
                kill -INT $recorder; wait $recorder
                # As the service does before it begins anew.
                mkdir previous; mv ring_*.pcapng previous
                recording ring.pcapng --ring 3x2s; rm -rf previous
                before=$(wc -l <out); ping_once
                until_true 100 sh -c "[ \\$(wc -l <out) -gt $before ]" && echo next_run=yes
                kill -INT $follower; wait $follower; echo "status=$?"; kill -INT $recorder; wait $recorder
                echo "first_run=$before"; cat err; cat out
                """)
        #expect(run["next_run"] == "yes", "\(run.text)\(run.errorText)")
        #expect(run["status"] == "0", "\(run.text)\(run.errorText)")
        // One of `recording`'s own at least, and seven.
        #expect((run["first_run"].flatMap { Int($0) } ?? 0) >= 8, "\(run.text)\(run.errorText)")
    }

    @Test("--until ends it, --since leaves out what came before")
    func bounds() throws {
        let run = try SandboxShell(
            Self.prelude + """
                recording run.pcapng
                since=$(date +@%s.%N); until=$(date -d '+2 seconds' +@%s.%N); ping_once
                timeout 60 $P replay --follow --packets -q --since $since --until $until run.pcapng >out 2>err
                echo "status=$?"; echo "lines=$(wc -l <out)"
                kill -INT $recorder; wait $recorder; cat out err
                """)
        #expect(run["status"] == "0" && run["lines"] == "1", "\(run.text)\(run.errorText)")
    }

    @Test("what can't be followed is said in one line")
    func refused() throws {
        let run = try SandboxShell(
            """
            export LC_ALL=C.UTF-8
            $P record -o one.pcapng --duration 0.5 2>/dev/null; $P record -o two.pcapng --duration 0.5 2>/dev/null
            gzip -k one.pcapng
            for words in one.pcapng.gz "one.pcapng two.pcapng" nosuch.pcapng /run "--point host=one.pcapng"; do
                timeout 20 $P replay --follow $words >out 2>err; echo "$? $(wc -l <err) $(cat err)"
            done
            """)
        let lines = run.text.split(separator: "\n")
        #expect(lines.count == 5, "\(run.text)\(run.errorText)")
        #expect(
            lines.allSatisfy { $0.hasPrefix("65 1 packetwalk: ") || $0.hasPrefix("64 1 packetwalk: ") }, "\(run.text)")
        #expect(run.text.contains("cannot follow a compressed file"))
        #expect(run.text.contains("cannot follow several recordings at once"))
        #expect(run.text.contains("No such file or directory") && run.text.contains("Is a directory"))
        #expect(run.text.contains("--follow reads on in files"))
    }
}
