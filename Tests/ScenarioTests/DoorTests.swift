import Testing

/// What somebody meets who types the command for the first time, or as other tools take it: one line and its status.
@Suite("The first words typed")
struct DoorTests {
    struct Typed: Sendable, CustomTestStringConvertible {
        var words: String
        var status: Int32
        /// What standard error must hold, in one line.
        var says: [String]
        var testDescription: String { "packetwalk \(words)" }
    }

    static let errors: [Typed] = [
        Typed(words: "trcae icmp", status: 64, says: ["did you mean trace? See packetwalk --help"]),
        Typed(words: "lab run hairpn", status: 64, says: ["did you mean hairpin?"]),
        Typed(words: "lab next hairpn", status: 64, says: ["did you mean hairpin?"]),
        Typed(words: "lab run no-route --failed", status: 64, says: ["cannot heed --failed", "add --trace"]),
        Typed(words: "lab run no-route --time utc", status: 64, says: ["cannot heed --time", "add --trace"]),
        Typed(words: "lab run no-route --summary", status: 64, says: ["cannot heed --summary", "add --trace"]),
        Typed(words: "lab run no-route --count 3", status: 64, says: ["cannot heed --count", "add --trace"]),
        Typed(words: "help no-sorce-nat", status: 64, says: ["did you mean no-source-nat?"]),
        Typed(words: "trace -i eth0", status: 64, says: ["every link is watched", "--in NAMESPACE"]),
        Typed(words: "trace -n icmp", status: 64, says: ["always printed as numbers"]),
        Typed(words: "trace -c 3 icmp", status: 64, says: ["--count"]),
        Typed(words: "trace -w file icmp", status: 64, says: ["packetwalk record -o FILE"]),
        Typed(words: "trace -r file", status: 64, says: ["packetwalk replay FILE"]),
        Typed(words: "trace -s 100 icmp", status: 64, says: ["--snaplen"]),
        Typed(words: "trace -D", status: 64, says: ["packetwalk map"]),
        Typed(words: "trace -j icmp", status: 64, says: ["--format json"]),
        Typed(words: "trace prot icmp", status: 64, says: ["did you mean \"proto\"?"]),
        Typed(words: "trace tpc port 80", status: 64, says: ["did you mean \"tcp\"?"]),
        Typed(words: "trace icmp and host web-7", status: 64, says: ["\"web-7\" is neither", "give its address"]),
        Typed(words: "trace --where dropped", status: 64, says: ["write outcome == \"dropped\""]),
        Typed(words: "trace --where outcom==lost", status: 64, says: ["did you mean 'outcome'?"]),
        Typed(words: "map web", status: 64, says: ["--in web draws one namespace"]),
        Typed(words: "record icmp", status: 64, says: ["'--output <file>'"]),
        Typed(words: "record --snaplen 3 -o x", status: 64, says: ["--snaplen must be 64 to 262144"]),
        Typed(words: "lab run", status: 64, says: ["'<name>'", "packetwalk lab run --help"]),
        Typed(words: "help nosuch", status: 64, says: ["neither a command nor the code of a cause"]),
        Typed(words: "explain --from", status: 64, says: ["Missing value for '--from <namespace>': there is "]),
        Typed(
            words: "explain --from no-such-space 198.51.100.1", status: 64, says: ["\"no-such-space\"; there is: host"]),
        Typed(words: "explain --froma web 198.51.100.1", status: 64, says: ["did you mean --from instead of --froma?"]),
        Typed(words: "trace --summary --format svg", status: 64, says: ["--summary writes text or json, not svg"]),
        Typed(words: "doctor --format html", status: 64, says: ["doctor writes text or json, not html"]),
        Typed(words: "map --format otlp", status: 64, says: ["a map has no spans"]),
        Typed(words: "doctor --format otlp", status: 64, says: ["doctor writes text or json, not otlp"]),
        Typed(words: "trace --summary --format otlp", status: 64, says: ["--summary writes text or json, not otlp"]),
        Typed(words: "trace --live --format otlp", status: 64, says: ["with --format otlp"]),
        Typed(words: "lab list --format dot", status: 64, says: ["lab list writes text or json, not dot"]),
        Typed(words: "explain 198.51.100.1", status: 64, says: ["'--from <namespace>'"]),
        Typed(words: "explain --from host http://web:99999/", status: 64, says: ["99999 is no port"]),
        Typed(words: "explain --from host [2001:db8::1", status: 64, says: ["bracket is not closed"]),
        Typed(words: "explain --from no-such-space [2001:db8::1]:80", status: 64, says: ["\"no-such-space\""]),
        Typed(words: "explain --from host gopher://web/", status: 64, says: ["no port that is known: write host:port"]),
        Typed(words: "explain --from host 300.1.2.3", status: 64, says: ["four numbers from 0 to 255"]),
        Typed(
            words: "explain --from host --tcp 70000 192.0.2.1", status: 64, says: ["'70000'", "a port from 1 to 65535"]),
        Typed(
            words: "explain --from host --tcp http 192.0.2.1", status: 64, says: ["'http'", "a port from 1 to 65535"]),
        Typed(words: "explain --from host --tcp 0 192.0.2.1", status: 64, says: ["port 0", "a port from 1 to 65535"]),
        Typed(words: "explain --from host --ttl 0 192.0.2.1", status: 64, says: ["--ttl must be 1 to 255, not 0"]),
        Typed(words: "explain --from host --ttl 256 192.0.2.1", status: 64, says: ["a number from 1 to 255"]),
        Typed(words: "explain --from host --mark 0xg 192.0.2.1", status: 64, says: ["as in 16 or 0x10"]),
        Typed(
            words: "explain --from host --wait -1 192.0.2.1", status: 64, says: [", not -1: give a number of seconds"]),
        Typed(words: "trace --count -3 icmp", status: 64, says: [", not -3: give a number of packets from 1"]),
        Typed(words: "trace --count 99999999999999999999", status: 64, says: ["give a number of packets from 1"]),
        Typed(words: "trace --sample 2", status: 64, says: ["'2'", "give 1/N, as in 1/1000"]),
        Typed(words: "trace --rules some", status: 64, says: ["'some'", "all or none"]),
        Typed(
            words: "replay --format xml x", status: 64,
            says: ["one of the following: text, json, otlp, mermaid, dot, svg, html; see"]),
        Typed(words: "replay --time local x", status: 64, says: ["'relative' or 'none'; see"]),
        Typed(words: "explain --from host 192.0.2.1:", status: 64, says: ["its port is missing"]),
        Typed(words: "explain --from host fe80::1", status: 64, says: ["link-local", "name the device by --device"]),
        Typed(words: "explain --from host fe80::1%", status: 64, says: ["no device follows %"]),
        Typed(words: "explain --from /etc/passwd 192.0.2.1", status: 64, says: ["the file is no network namespace"]),
        Typed(words: "trace ICMP", status: 64, says: ["did you mean \"icmp\"?"]),
        Typed(words: "version", status: 64, says: ["packetwalk --version prints it"]),
        Typed(
            words: "record -o /nonexistent/x", status: 74,
            says: ["cannot write the recording /nonexistent/x: No such file"]),
        Typed(
            words: "explain --from host --tcp 80 198.51.100.1:81", status: 64,
            says: ["port 80", "leave one of the ports out"]),
        Typed(words: "explain --from host 198.51.100.1 --tcp", status: 64, says: ["Missing value", "1 to 65535"]),
        Typed(words: "explain --from no-such-space 198.51.100.1:80 --tcp", status: 64, says: ["\"no-such-space\""]),
        Typed(words: "explain --from no-such-space --tcp 198.51.100.1:80", status: 64, says: ["\"no-such-space\""]),
        Typed(words: "explain --tcp --from no-such-space [2001:db8::1]:80", status: 64, says: ["\"no-such-space\""]),
        Typed(words: "predict --udp --from no-such-space 198.51.100.1:53", status: 64, says: ["\"no-such-space\""]),
    ]

    @Test("an error says in one line what was meant", arguments: errors)
    func error(_ typed: Typed) throws {
        let run = try LabRun.packetwalk(typed.words.split(separator: " ").map { String($0) })
        #expect(run.status == typed.status)
        #expect(run.standardOutput.isEmpty)
        #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
        for words in typed.says { #expect(run.standardError.contains(words), "\(run.standardError)") }
    }

    @Test("a lab whose programs are missing says which package has them", .enabled(if: SandboxShell.isAvailable))
    func missingPrograms() throws {
        let shell = try SandboxShell(
            """
            # Nothing that could be run stands in their places.
            touch /mnt/none; chmod 644 /mnt/none
            for folder in /usr/sbin /usr/bin /sbin /bin /usr/local/bin; do
                for program in busybox conntrack nc; do
                    [ ! -x $folder/$program ] || mount --bind /mnt/none "$(realpath $folder/$program)"
                done
            done
            for lab in wan-to-published-port conntrack-full conntrack-expired-ipv6 no-route; do
                /mnt/bin/packetwalk lab run -q $lab >/run/out 2>/run/err; echo "$lab $? $(cat /run/err)"
            done
            """)
        let lines = shell.text.split(separator: "\n")
        try #require(lines.count == 4, "\(shell.text)\(shell.errorText)")
        #expect(lines[0].hasPrefix("wan-to-published-port 69 "), "\(shell.text)")
        #expect(lines[0].hasSuffix("it needs busybox: apt-get install busybox"), "\(shell.text)")
        #expect(lines[1].hasPrefix("conntrack-full 69 "), "\(shell.text)")
        #expect(lines[1].contains("it needs conntrack: apt-get install conntrack"), "\(shell.text)")
        // These need none of them: -m conntrack is no program.
        #expect(!lines[2].hasPrefix("conntrack-expired-ipv6 69"), "\(shell.text)")
        #expect(lines[3].hasPrefix("no-route 1 "), "\(shell.text)")
    }

    @Test("the version is the parser's, with and without a subcommand")
    func version() throws {
        let short = try LabRun.packetwalk(["--version"])
        #expect(short.status == 0 && short.standardError.isEmpty)
        #expect(short.standardOutput.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(short.standardOutput)")
        #expect(try LabRun.packetwalk(["map", "--version"]).standardOutput == short.standardOutput)
    }

    @Test("help knows each cause by its code")
    func help() throws {
        let run = try LabRun.packetwalk(["help", "no-source-nat"])
        #expect(run.status == 0)
        #expect(run.standardOutput.hasPrefix("no-source-nat\n\nIdea: private addresses (RFC 1918)"))
        #expect(run.standardOutput.contains("\n\nA private source left towards public addresses untranslated"))
        #expect(run.standardOutput.contains("Fix: iptables -t nat -A POSTROUTING"))
        #expect(run.standardOutput.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("labs are listed in groups, a row each, the tutorial first")
    func labs() throws {
        let run = try LabRun.packetwalk(["lab", "list"])
        let lines = run.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.prefix(3) == [
                "The tutorial, step by step",
                "  tutorial-01-loopback-down      A new namespace: does it reach itself?",
                "  tutorial-02-loopback           And once lo is up?",
            ])
        #expect(lines.allSatisfy { $0.count <= 80 })
        // What a lab's answer is, is not said.
        #expect(!run.standardOutput.contains("No carrier"))
        let next = try LabRun.packetwalk(["lab", "next", "tutorial-01-loopback-down"])
        #expect(next.standardOutput.hasPrefix("tutorial-02-loopback\n  And once lo is up?\n\n"))
        let first = try LabRun.packetwalk(["lab", "next"]).standardOutput
        #expect(first.hasPrefix("tutorial-01-loopback-down\n"))
        // What fails can be fixed, what works has nothing to fix.
        #expect(first.contains("  packetwalk lab run --fix tutorial-01-loopback-down "))
        #expect(!next.standardOutput.contains("--fix"))
    }

    @Test(
        "what a lab is called before its packet is sent is no answer",
        arguments: [
            ("no-source-nat", "packetwalk: lab no-source-nat: mynamespace pings 198.51.100.1, in vain\n"),
            ("tutorial-05-no-default-route", "packetwalk: lab tutorial-05-no-default-route: And another address"),
            ("same-bridge", "packetwalk: lab same-bridge: Two namespaces on one bridge\n"),
        ])
    func headings(name: String, says: String) throws {
        let run = try LabRun.packetwalk(["lab", "run", name])
        #expect(run.standardError.hasPrefix(says), "\(run.standardError)")
    }

    @Test("a lab that one packet does not show is traced")
    func traced() throws {
        let run = try LabRun.packetwalk(["lab", "run", "segmentation", "--time", "none"])
        #expect(run.status == 0)
        #expect(run.standardOutput.hasPrefix("✔ closed   TCP mynamespace → 198.51.100.1:80 (wan)"))
        #expect(run.standardError.hasPrefix("packetwalk: lab segmentation: Large packets are cut into segments"))
    }
}
