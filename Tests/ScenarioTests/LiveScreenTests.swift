import Testing

/// `trace --live` in a real terminal: tmux, whose screen is read and whose keys are typed.
@Suite(
    "The live screen", .serialized, .enabled(if: SandboxShell.isAvailable && TmuxShell.isAvailable),
    .timeLimit(.minutes(4)))
struct LiveScreenTests {
    /// A rule that drops pings to the router, and pings to both of its addresses.
    private static let network = """
        ip -n router addr add 192.0.2.3/24 dev veth1
        iptables-nft -A OUTPUT -d 192.0.2.3 -p icmp -j DROP
        (while sleep 0.5; do ping -c 1 -W 1 192.0.2.2; ping -c 1 -W 1 192.0.2.3; done) >/dev/null 2>&1 &

        """

    private static let fix = "iptables -I OUTPUT 1 -o veth0 -s 192.0.2.1 -d 192.0.2.3 -p icmp -j ACCEPT"

    @Test("shows connections, opens one, copies its fix, and leaves the terminal as it was")
    func keys() throws {
        let run = try TmuxShell(
            Self.network + """
                settings >before
                type '$P trace --live icmp; echo status=$?' Enter
                shows 'rule-drop at host' && shows 'answered' && echo rows=yes
                type /answered; shows 'filter: answered_'; type Enter
                shows 'answered  ping host' && ! screen | grep -q dropped && echo filtered=yes
                type Escape; shows dropped
                type f; shows 'Nothing of it has been run' && screen | grep -q '\(Self.fix)' && echo fix=yes
                type c; shows 'command sent'; t show-buffer >copied; echo "copied=$(cat copied)"
                type Escape; shows 'outcome'; type Enter
                shows ' cause ' && screen | grep -q '\(Self.fix)' && echo opened=yes
                type Escape; shows 'outcome'; type p; shows 'paused' && echo paused=yes
                type p; type s; shows '^newest' && echo sorted=yes
                t resize-window -x 60 -y 15
                shows_not '.{61}' && [ "$(screen | wc -l)" = 15 ] && shows 'what is broken' && echo resized=yes
                t resize-window -x 100 -y 30
                type q; shows 'status=1' && shows 'packets in .* connections, .* failed' && echo ended=yes
                until_true 50 left before && echo restored=yes
                """)
        for key in ["rows", "filtered", "fix", "opened", "paused", "sorted", "resized", "ended", "restored"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
        #expect(run["copied"] == Self.fix)
    }

    @Test("leaves the terminal as it was at a signal", arguments: ["INT", "TERM", "HUP", "KILL", "SEGV"])
    func signals(name: String) throws {
        let run = try TmuxShell(
            Self.network + """
                settings >before
                type '$P trace --live icmp' Enter
                shows 'rule-drop at host' && echo rows=yes
                kill -\(name) $(pgrep -xf '/mnt/bin/packetwalk trace --live icmp')
                until_true 100 left before && echo restored=yes
                unguarded() { ! pgrep -xf '.*/packetwalk __terminal'; }
                until_true 50 unguarded && echo guardian=gone
                t display -p 'screen: #{alternate_on} #{cursor_flag} #{wrap_flag}'; settings; screen
                """)
        #expect(run["rows"] == "yes" && run["restored"] == "yes", "\(run.text)\(run.errorText)")
        #expect(run["guardian"] == "gone", "\(run.text)")
    }

    @Test("gives the terminal back while it is stopped")
    func stopped() throws {
        let run = try TmuxShell(
            Self.network + """
                settings >before
                type '$P trace --live icmp' Enter
                shows 'rule-drop at host' && echo rows=yes
                type C-z; shows Stopped; until_true 50 left before && echo given=yes
                type fg Enter
                shows 'rule-drop at host' && shows 'what is broken' && echo again=yes
                type C-c; until_true 100 left before && echo restored=yes
                """)
        for key in ["rows", "given", "again", "restored"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
    }

    @Test("shows what a command does, and stays until it is left")
    func command() throws {
        let run = try TmuxShell(
            """
            settings >before
            type '$P trace --live icmp -- ping -c 2 -i 0.3 192.0.2.2; echo status=$?' Enter
            shows 'the run has ended' && shows '2 of 2|answered' && echo ended=yes
            screen | grep -q 'ttl=64' || echo quiet=yes
            type q; shows 'status=0' && shows 'ttl=64' && shows '2 packets in|4 packets in' && echo printed=yes
            until_true 50 left before && echo restored=yes
            """)
        for key in ["ended", "quiet", "printed", "restored"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
    }

    /// The run itself waits: for the network to be read, which takes until the keys were answered here.
    @Test("is drawn twice a second, and answers keys, while the run is busy")
    func busy() throws {
        let run = try TmuxShell(
            Self.network + """
                settings >before
                mkdir slow
                cat >slow/iptables-nft-save <<'END'
                #!/bin/sh
                if [ -e /run/slow/now ]; then
                    echo reading >>/run/slow/readings
                    for wait in $(seq 600); do [ -e /run/slow/now ] || break; sleep 0.1; done
                fi
                exec /usr/sbin/iptables-nft-save "$@"
                END
                chmod 755 slow/iptables-nft-save
                type 'PATH=/run/slow:$PATH $P trace --live icmp' Enter
                shows 'rule-drop at host' && echo rows=yes
                touch slow/now
                until_true 100 test -s slow/readings && echo reading=yes
                drawn=0; last=
                for time in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
                    clock=$(screen | head -1 | cut -c 13-20)
                    [ "$clock" = "$last" ] || drawn=$((drawn + 1))
                    last=$clock; sleep 0.25
                done
                echo "drawn=$drawn"
                pattern='[0-9] s behind'; until_true 10 seen && echo behind=yes
                type '?'; pattern='choose a connection'; until_true 10 seen && echo key=yes
                echo "readings=$(wc -l <slow/readings)"
                rm slow/now
                type Escape; type q; until_true 100 left before && echo restored=yes
                """)
        #expect(run["rows"] == "yes" && run["reading"] == "yes", "\(run.text)\(run.errorText)")
        // All of it was within one reading, of one namespace or of two at once: none of them ends before it is let go. In four seconds
        // the clock has shown four numbers at least.
        #expect(["1", "2"].contains(run["readings"]), "\(run.text)")
        #expect(run["drawn"].flatMap { Int($0) } ?? 0 >= 4, "\(run.text)")
        for key in ["behind", "key", "restored"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
    }

    /// Rows of a flood that can't be worked off would be older and older.
    @Test("looks at fewer packets in a flood, and says at how many; what it shows is not old")
    func flood() throws {
        let run = try TmuxShell(
            """
            settings >before
            type '$P trace --live icmp' Enter; shows 'no packet so far' && echo begun=yes
            for i in 1 2 3; do ping -f -w 40 -q 192.0.2.2 >/dev/null 2>&1 & done
            pattern='1 of [0-9]+ packets'; until_true 250 seen && echo sampled=yes
            pattern='(answered|impaired|delivered) +ping host'; until_true 100 seen && echo rows=yes
            # Within the flood, once it has settled.
            sleep 3; old=0
            for i in 1 2 3 4 5 6 7 8; do screen | head -1 | grep -q 'behind' && old=$((old + 1)); sleep 0.5; done
            echo "old=$old"; screen
            type q; until_true 100 left before && echo restored=yes
            """)
        for key in ["begun", "sampled", "rows", "restored"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
        #expect(run["old"].flatMap { Int($0) } ?? 8 <= 2, "\(run.text)")
    }

    @Test("is refused in one line where it can't be shown")
    func refused() throws {
        for (arguments, words) in [
            (["trace", "--live"], "standard output is no terminal"),
            (["trace", "--live", "--summary"], "with --summary"),
            (["trace", "--live", "--format", "json"], "with --format json"),
        ] {
            let run = try LabRun.packetwalk(arguments)
            #expect(run.status == 64)
            #expect(run.standardOutput.isEmpty)
            #expect(run.standardError.split(separator: "\n").count == 1)
            #expect(run.standardError.contains(words))
        }
    }
}
