import LinuxSystem
import Testing

@Suite("A twin's script", .enabled(if: SandboxShell.isAvailable))
struct TwinScriptScenarioTests {
    @Test("without addresses and names builds a network that behaves alike")
    func anonymized() throws {
        let shell = try SandboxShell(
            """
            ip addr add 198.51.100.77/24 dev veth0
            ip -n router addr add 198.51.100.78/24 dev veth1
            nft add table inet t
            nft 'add chain inet t c { type filter hook output priority 0; }'
            nft add rule inet t c ip daddr 198.51.100.78 tcp dport 23 drop comment '"of bob"'
            $P twin --live --anonymize > twin.sh 2> said; echo status=$?
            echo secrets=$(cat twin.sh said | grep -c -w -e '198[.]51[.]100' -e router -e bob)
            cat > inside.sh <<'END'
            peer=$(ip -n namespace1 -o -4 addr show dev veth1 | awk '{ sub("/.*", "", $4); print $4 }' | tail -n 1)
            ping -c 1 -W 5 $peer > /dev/null && echo answered=yes
            nft list ruleset | grep -c "daddr $peer tcp dport 23 drop"
            END
            # The sandbox makes its own /run.
            mv twin.sh inside.sh /tmp && sh /tmp/twin.sh sh /tmp/inside.sh
            """)
        #expect(shell["status"] == "0", "\(shell.errorText)")
        #expect(shell["secrets"] == "0")
        #expect(shell["answered"] == "yes", "\(shell.text)\n\(shell.errorText)")
        #expect(shell.text.hasSuffix("\n1\n"), "\(shell.text)")
    }

    @Test("fills sockets, holds ports and lets packets wait as they did")
    func programs() throws {
        let shell = try SandboxShell(
            """
            perl -e 'use Socket qw(:all); socket(S, AF_INET, SOCK_STREAM, 0); bind(S, pack_sockaddr_in(8080, INADDR_ANY)) or die;
                listen(S, 2); my @all; for (1..3) { socket(my $s, AF_INET, SOCK_STREAM, 0);
                connect($s, pack_sockaddr_in(8080, inet_aton("127.0.0.1"))); push @all, $s } sleep 600' > /dev/null 2>&1 &
            listener=$!
            until ss -Hltn sport = :8080 | grep -q '^LISTEN *3 '; do sleep 0.1; done
            sysctl -qw net.ipv4.ip_local_port_range='40000 40001'
            ip netns exec router perl -e 'use Socket qw(:all); socket(S, AF_INET, SOCK_STREAM, 0);
                bind(S, pack_sockaddr_in(80, INADDR_ANY)) or die; listen(S, 9); sleep 600' > /dev/null 2>&1 &
            server=$!
            until ip netns exec router ss -Hltn sport = :80 | grep -q .; do sleep 0.1; done
            perl -e 'use Socket qw(:all); my @all; for (1..2) { socket(my $s, AF_INET, SOCK_STREAM, 0);
                connect($s, pack_sockaddr_in(80, inet_aton("192.0.2.2"))) or die; push @all, $s } sleep 600' > /dev/null 2>&1 &
            client=$!
            until [ "$(ss -Htn state established dport = :80 | wc -l)" = 2 ]; do sleep 0.1; done
            # Neighbor discovery would find room in the queue.
            sysctl -qw net.ipv6.conf.veth0.disable_ipv6=1
            tc qdisc add dev veth0 root tbf rate 100bit burst 1600 limit 3000
            for n in 1 2 3 4 5; do ping -c 1 -W 0.05 -s 900 192.0.2.2 > /dev/null 2>&1 || true; done
            $P twin --live > twin.sh 2> said; echo status=$?
            kill $listener $server $client
            cat > inside.sh <<'END'
            echo waiting=$(ss -Hltn sport = :8080 | awk '{ print $2, $3 }')
            echo held=$(ss -Htan dport = :80 | awk '{ print $4 }' | sort)
            echo backlog=$(tc -s qdisc show dev veth0 | awk '/backlog/ { print $2, $3 }')
            END
            mv twin.sh inside.sh /tmp && sh /tmp/twin.sh sh /tmp/inside.sh
            """)
        #expect(shell["status"] == "0", "\(shell.errorText)")
        #expect(shell["waiting"] == "3 2", "\(shell.text)\n\(shell.errorText)")
        #expect(shell["held"] == "192.0.2.1:40000 192.0.2.1:40001", "\(shell.text)\n\(shell.errorText)")
        #expect(shell["backlog"] == "2826b 3p", "\(shell.text)\n\(shell.errorText)")
    }

    @Test("loads hundreds of rules in their order, and says which of them it could not")
    func manyRules() throws {
        let shell = try SandboxShell(
            """
            {
                echo 'table inet t { chain c { type filter hook forward priority 0;'
                n=1; while [ $n -le 450 ]; do echo "tcp dport $n counter"; n=$((n + 1)); done
                printf '}\\n}\\n'
            } > rules
            nft -f rules
            $P snapshot -o s.json; echo status=$?
            sed 's/tcp dport 300 counter/tcp dport 300 countre/' s.json > damaged.json
            $P twin s.json > /tmp/whole.sh 2>/dev/null; $P twin damaged.json > /tmp/damaged.sh 2>/dev/null
            for name in whole damaged; do
                sh /tmp/$name.sh nft -s list chain inet t c 2> /tmp/$name.said | grep 'dport' > /tmp/$name.rules
                echo $name=$(wc -l < /tmp/$name.rules)
                awk -v name=$name '$3 != ++n && !skipped { skipped = $3; n = $3 } END { print name "-gap=" skipped }' \
                    /tmp/$name.rules
            done
            cat /tmp/whole.said; cat /tmp/damaged.said >&2
            """)
        #expect(shell["status"] == "0", "\(shell.errorText)")
        #expect(shell["whole"] == "450" && shell["whole-gap"] == "", "\(shell.text)")
        #expect(shell["damaged"] == "449" && shell["damaged-gap"] == "301", "\(shell.text)")
        let lines = shell.errorText.split(separator: "\n").filter { $0.contains("not rebuilt") }
        #expect(lines.count == 1, "\(shell.errorText)")
        let line = lines.first ?? ""
        #expect(line.hasPrefix("not rebuilt in -: add rule inet t c tcp dport 300 countre "), "\(shell.errorText)")
        #expect(line.contains(": syntax error"))
    }
}
