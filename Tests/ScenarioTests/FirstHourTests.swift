import Testing

/// What a newcomer types in the first hour, in a network of a machine and one namespace, and what it says.
@Suite("The first hour", .enabled(if: SandboxShell.isAvailable))
struct FirstHourTests {
    struct Typed: Sendable, CustomTestStringConvertible {
        var name: String
        /// After `packetwalk`.
        var words: String
        var status: Int
        /// What both outputs hold together.
        var says: [String]
        var hides: [String] = []
        /// Typed before, in the machine's own namespace.
        var before = ":"
        var testDescription: String { name }
    }

    static let typed: [Typed] = [
        Typed(
            name: "a process's number is no namespace", words: "explain --from $$ 192.0.2.2", status: 64,
            says: ["no namespace or container", ": the process of that number is pid:"]),
        Typed(
            name: "a process is one by its number", words: "explain --from pid:$$ -q 192.0.2.2", status: 0,
            says: ["✔ icmp 192.0.2.1 → 192.0.2.2"]),
        Typed(
            name: "so is an address", words: "explain --from 192.0.2.2 -q 192.0.2.1", status: 0,
            says: ["✔ icmp 192.0.2.2 → 192.0.2.1"]),
        Typed(
            name: "an address of several is nobody's name", words: "explain --from 192.0.2.2 -q 192.0.2.1", status: 64,
            says: ["192.0.2.2 is an address of more than one namespace: ", "router", "twin", "; give a name"],
            before: """
                ip netns add twin; ip link add tw0 type veth peer name tw1 netns twin
                ip -n twin addr add 192.0.2.2/24 dev tw1
                """),
        Typed(
            name: "localhost is the namespace's own", words: "explain --from router -q localhost", status: 0,
            says: ["✔ icmp 127.0.0.1 → 127.0.0.1"]),
        Typed(
            name: "a namespace is a destination", words: "explain --from router -q host", status: 0,
            says: ["✔ icmp 192.0.2.2 → 192.0.2.1"]),
        Typed(
            name: "a URL is one", words: "explain --twin none --from host http://router:8080/", status: 1,
            says: ["✘ refused   TCP host → 192.0.2.2:8080 (router)", "(no-listener)"]),
        Typed(
            name: "the destination's port is that of --udp",
            words: "explain --twin none --from host router:8080 --udp", status: 1,
            says: ["✘ rejected   UDP host → 192.0.2.2:8080", "(no-listener)"]),
        Typed(
            name: "an address that nobody has", words: "explain --twin none --from router 192.0.2.77", status: 1,
            says: [
                "no ARP reply from 192.0.2.77 on veth1 in router", "(neighbor-unresolved)",
            ]),
        Typed(
            name: "an address whose holder is down, in IPv6", words: "explain --twin none --from router 2001:db8::1",
            status: 1, says: ["✘ not sent   ping router → 2001:db8::1", "Network is unreachable", "(no-route)"]),
        Typed(
            name: "a ping's own probe is not shown", words: "trace --time none icmp -- ping -c 1 192.0.2.2", status: 0,
            says: ["✔ delivered   ping host → 192.0.2.2", "1 connection, none failed"], hides: ["1025", "UDP"]),
        Typed(
            name: "a run says what it watches and what there was",
            words: "trace icmp -- ping -c 2 -i 0.2 192.0.2.2", status: 0,
            says: ["watching 2 namespaces, 4 links", "4 packets in 1 connection, none failed"]),
        Typed(
            name: "--failed shows nothing of what is well",
            words: "trace --failed icmp -- ping -c 1 192.0.2.2", status: 0, says: ["none failed"],
            hides: ["✔", "ping host"]),
        Typed(
            name: "ten pings that fail alike are told once",
            words: "trace --time none icmp -- ping -c 10 -i 0.1 -W 1 192.0.2.2", status: 1,
            says: ["iptables filter OUTPUT 1 in host drops", "10 times", "0 of 10 answered"],
            before: "iptables-nft -A OUTPUT -p icmp -d 192.0.2.2 -j DROP"),
        Typed(
            name: "without privilege it says what to do", words: "trace --duration 1 icmp", status: 77,
            says: ["Operation not permitted; run it as root, or see packetwalk doctor"],
            before: """
                packetwalk=$P
                P="setpriv --bounding-set=-sys_admin,-net_admin,-net_raw --inh-caps=-all $packetwalk"
                """),
        Typed(
            name: "a condition takes what a namespace is called",
            words: "trace -q --where 'namespace == router' -- ping -c 1 192.0.2.2",
            status: 0, says: ["✔ answered  ping host → 192.0.2.2 (router)"]),
        Typed(
            name: "a link-local address is one of its device",
            words: "explain --twin none --from router -q $LOCAL%veth1",
            status: 0, says: ["✔ icmpv6 fe80:"], hides: ["send-failed"],
            before: """
                LOCAL=$(ip -6 -o addr show dev veth0 scope link | awk '{ print $4 }' | cut -d/ -f1)
                until_true 50 sh -c '! { ip -6 addr; ip -n router -6 addr; } | grep -q tentative'
                """),
        Typed(
            name: "what works only while neighbours are remembered is told so, with what mends it",
            words: "explain --twin none --from router 192.0.2.1", status: 0,
            says: ["✔ delivered", "only as long as", "(address-on-bridge-port)", "ip addr add 192.0.2.1/24 dev br0"],
            before: """
                mac() { awk '{ for (i = 1; i < NF; i++) if ($i == "link/ether") print $(i + 1) }'; }
                near=$(ip -o link show veth0 | mac); far=$(ip -n router -o link show veth1 | mac)
                ip link add br0 type bridge; ip link set veth0 master br0; ip link set br0 up
                ip -n router neigh replace 192.0.2.1 lladdr $near dev veth1 nud permanent
                ip neigh replace 192.0.2.2 lladdr $far dev veth0 nud permanent
                """),
        Typed(
            name: "who had an address is told when it is gone",
            words:
                "trace --time none icmp -- sh -c 'ip link del db; ip netns del db; sleep 0.3; ping -c 1 -W 2 198.51.100.3; true'",
            status: 0,
            says: ["(neighbor-unresolved)", "db had it when the run began"],
            before: """
                ip link add br0 type bridge; ip addr add 198.51.100.1/24 dev br0; ip link set br0 up
                number=2
                for name in web db; do
                    ip netns add $name; ip link add $name type veth peer name eth0 netns $name
                    ip link set $name master br0 up; ip -n $name addr add 198.51.100.$number/24 dev eth0
                    ip -n $name link set eth0 up; number=$((number + 1))
                done
                """),
        Typed(
            name: "the map says which end is down", words: "map", status: 0,
            says: ["! no carrier: the", "router veth1 ✘ down"], before: "ip -n router link set veth1 down"),
    ]

    @Test("a pipe is as wide as COLUMNS says, and in ASCII where the locale is")
    func pipes() throws {
        let shell = try SandboxShell(
            """
            unset COLUMNS LC_ALL LC_CTYPE LANG
            measure() { LC_ALL=C.UTF-8 wc -L; }
            ascii() { LC_ALL=C grep -q '[^ -~]' && echo no || echo yes; }
            drawn() { env "$@" $P explain --twin none --from router 192.0.2.1; }
            for columns in 60 80 120; do echo "w$columns=$(drawn COLUMNS=$columns | measure)"; done
            echo "unset=$(drawn | measure)"
            for wrong in 0 -5 wide 99999999999999999999; do echo "wrong=$(drawn COLUMNS=$wrong | measure)"; done
            echo "none=$(drawn | ascii)"; echo "utf8=$(drawn LC_ALL=de_DE.UTF-8 | ascii)"
            echo "c=$(drawn LC_ALL=C | ascii)"; echo "posix=$(drawn LANG=POSIX | ascii)"
            echo "latin=$(drawn LC_CTYPE=de_DE.ISO-8859-1 | ascii)"
            echo "page=$(LC_ALL=C $P explain --from router --format html 192.0.2.1 | ascii)"
            """)
        for columns in [60, 80, 120] {
            let most = shell["w\(columns)"].flatMap { Int($0) } ?? 0
            #expect(most <= columns && most > columns / 2, "\(columns): \(shell.text)\(shell.errorText)")
        }
        #expect(shell["w80"] == shell["unset"], "\(shell.text)")
        #expect(
            shell.text.split(separator: "\n").filter { $0 == "wrong=\(shell["unset"] ?? "")" }.count == 4,
            "\(shell.text)")
        #expect(["none", "utf8", "page"].allSatisfy { shell[$0] == "no" }, "\(shell.text)")
        #expect(["c", "posix", "latin"].allSatisfy { shell[$0] == "yes" }, "\(shell.text)")
    }

    @Test("nothing is kept in the home folder, or where XDG says that programs keep things")
    func home() throws {
        let shell = try SandboxShell(
            """
            mkdir /tmp/home /tmp/config /tmp/state /tmp/cache /tmp/data
            export HOME=/tmp/home XDG_CONFIG_HOME=/tmp/config XDG_STATE_HOME=/tmp/state XDG_CACHE_HOME=/tmp/cache XDG_DATA_HOME=/tmp/data
            $P map >/dev/null; $P explain --from router -q 192.0.2.1 >/dev/null; $P explain --from router -q 192.0.2.77 >/dev/null
            $P trace -q icmp -- ping -c 1 192.0.2.2 >/dev/null; $P lab list >/dev/null; $P doctor >/dev/null
            $P record -o /run/run.pcapng --duration 0.5; $P replay /run/run.pcapng >/dev/null
            $P snapshot -o /run/snapshot.json; $P predict --from router -q 192.0.2.1 >/dev/null 2>&1
            echo "kept=$(find /tmp -mindepth 2 | wc -l)"
            """)
        #expect(shell["kept"] == "0", "\(shell.text)\(shell.errorText)")
    }

    @Test("is answered", arguments: typed)
    func answered(_ typed: Typed) throws {
        let shell = try SandboxShell(
            """
            export LC_ALL=C.UTF-8
            \(typed.before)
            $P \(typed.words); echo "status=$?"
            """)
        let text = shell.text + shell.errorText
        #expect(shell["status"] == "\(typed.status)", "\(text)")
        for words in typed.says { #expect(text.contains(words), "\(words): \(text)") }
        for words in typed.hides { #expect(!text.contains(words), "\(words): \(text)") }
    }
}
