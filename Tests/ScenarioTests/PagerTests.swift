import Testing

/// Long text at a terminal goes through a pager; nothing that another program reads does.
@Suite("Long text", .enabled(if: TmuxShell.isAvailable && SandboxShell.isAvailable))
struct PagerTests {
    /// `pager` says that it ran, with its first line, and prints the rest.
    private static let pager = """
        cat >pager <<'END'
        #!/bin/sh
        read -r first; echo "paged: $first" >>/run/paged; echo "paged: $first"; cat >/dev/null
        END
        chmod 755 pager; export PAGER=/run/pager
        type "export PAGER=/run/pager NO_COLOR=1" Enter
        # asked WORDS: runs the program with them, and whether that was paged.
        asked() { rm -f paged; type "clear; $P $*; echo status=\\$?" Enter; shows '^status='; [ -s paged ] && echo yes || echo no; }

        """

    @Test("is shown through $PAGER by commands that end with it, whose status stays")
    func paged() throws {
        let run = try TmuxShell(
            Self.pager + """
                echo "list=$(asked lab list)"; screen | grep '^status'
                echo "help=$(asked help no-source-nat)"
                echo "map=$(asked map)"
                echo "show=$(asked lab show no-route)"
                echo "doctor=$(asked doctor)"
                $P record -q -o run.pcapng --duration 1 icmp 2>/dev/null || $P record -o run.pcapng --duration 1 icmp
                echo "replay=$(asked replay run.pcapng)"
                echo "off=$(asked lab list --no-pager)"
                echo "helpoff=$(asked help no-source-nat --no-pager)"
                echo "explain=$(asked explain --from host --twin none 192.0.2.2)"
                echo "trace=$(asked trace --duration 1 icmp)"
                type 'export PAGER=cat' Enter; echo "cat=$(asked map)"
                type 'export PAGER=/run/pager TERM=dumb' Enter; echo "dumb=$(asked map)"
                $P map >piped; [ -s paged ] && echo piped=yes || echo piped=no
                """)
        for key in ["list", "help", "map", "show", "doctor", "replay"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
        for key in ["off", "helpoff", "explain", "trace", "cat", "dumb", "piped"] {
            #expect(run[key] == "no", "\(key): \(run.text)\(run.errorText)")
        }
        #expect(run["status"] == "0")
    }

    @Test("stays on less's first page until it is left; Ctrl-C is less's, and what is short is printed at once")
    func less() throws {
        let run = try TmuxShell(
            """
            settings >before
            type 'unset PAGER LESS; export NO_COLOR=1' Enter
            type "clear; $P lab list; echo status=\\$?" Enter
            shows 'The tutorial, step by step' && shows '^:' && echo first=yes
            seen_status() { screen | grep -q '^status='; }
            seen_status || echo waits=yes
            type C-c; sleep 0.5; seen_status || echo stays=yes
            type q; shows '^status=0' && left before && echo left=yes
            type "clear; $P lab next; echo status=\\$?" Enter; shows '^status=0' && echo short=yes
            type "clear; PAGER=no-such-pager $P map; echo status=\\$?" Enter
            shows 'no-such-pager is not there' && shows '^status=0' && shows 'router' && echo missing=yes
            """)
        for key in ["first", "waits", "stays", "left", "short", "missing"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
    }
}
