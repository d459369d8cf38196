import Glibc
import LinuxSystem
import Network
import Observations
import Testing
import Twin
import WalkModel

/// A script in the host of a lab, with the command in `$P` and an empty folder in `$D` that everybody may write to.
private struct LabShell {
    var text: String
    var errorText: String

    init(_ lab: String, hiding: [String] = [], _ script: String) throws {
        let prelude = """
            export P=\(LabRun.program) D=/run/test NO_COLOR=1
            mkdir -m 777 $D

            """
        let output = try Command(
            [LabRun.program, "lab", "shell", lab] + hiding.flatMap { ["--hide", $0] }
        ).run(input: Array((prelude + script).utf8))
        text = output.text
        errorText = output.errorText
    }

    var walks: [Walk] {
        get throws { try text.split(separator: "\n").filter { $0.hasPrefix("{\"answers") }.map { try LabRun.walk($0) } }
    }

    /// The value of the line `key=value` that the script printed last.
    subscript(key: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }
}

@Suite("A prediction", .enabled(if: SandboxShell.isAvailable))
struct PredictTests {
    /// Of this machine's network, and of a snapshot by an ordinary user who sees nothing of it.
    @Test(
        "is what happens: live, and from a file as an ordinary user",
        arguments: [
            ("namespace-to-wan", Walk.Outcome.delivered, nil as FindingCode?),
            ("rule-drop-nftables", .dropped, "rule-drop"),
            ("bridge-port-blocked-isolated", .unsent, "bridge-port-blocked"),
            // What programs and queues hold.
            ("accept-queue-full-ipv6", .dropped, "accept-queue-full"),
            ("local-ports-exhausted", .unsent, "local-ports-exhausted"),
            ("socket-buffer-full", .dropped, "socket-buffer-full"), ("queue-full", .dropped, "queue-full"),
        ])
    func labs(lab: String, outcome: Walk.Outcome, code: FindingCode?) throws {
        let probe = try LabPacket(lab)
        let shell = try LabShell(
            lab,
            """
            "$P" predict --from \(probe.from) \(probe.packet) --format json; echo live=$?
            "$P" snapshot -o $D/s.json && chmod 644 $D/s.json
            cd / && unshare -n setpriv --reuid 65534 --regid 65534 --clear-groups "$P" predict --snapshot $D/s.json \
            --from \(probe.from) \(probe.packet) --format json; echo file=$?
            """)
        let requests = try shell.walks.filter { $0.answers == nil }
        // A SYN that nobody answers is sent again.
        try #require(requests.count >= 2 && requests.count.isMultiple(of: 2), "\(shell.text)\n\(shell.errorText)")
        let status = outcome == .delivered ? "0" : "1"
        #expect(shell["live"] == status)
        #expect(shell["file"] == status)
        for walk in requests {
            #expect(walk.outcome == outcome)
            #expect(walk.findings.first?.code == code)
            #expect(walk.prediction != nil)
            #expect(walk.hops.allSatisfy { $0.evidence.contains(.predicted) })
        }
    }

    /// The lab's own packet, as `explain` takes it.
    private struct LabPacket {
        var from: String
        var packet: String
        init(_ name: String) throws {
            let lab = try LabLibrary.find().lab(named: name)
            from = lab.probe.from
            packet = (lab.probe.explain ?? []).joined(separator: " ")
        }
    }

    @Test("says what lies beyond the uplink by assumption alone")
    func outside() throws {
        let shell = try LabShell(
            "namespace-to-wan", hiding: ["wan"],
            """
            "$P" predict --from mynamespace 198.51.100.1 --format json; echo status=$?
            "$P" predict --from mynamespace 198.51.100.1 --tcp 443 -q; echo tcp=$?
            "$P" predict --from mynamespace 198.51.100.1 --udp 53 --format json | grep -c '"answers":"'
            """)
        let walk = try #require(try shell.walks.first, "\(shell.errorText)")
        #expect(walk.outcome == .left)
        #expect(shell["status"] == "0")
        #expect(shell["tcp"] == "0")
        #expect(shell.text.hasSuffix("\n1\n"), "\(shell.text)")
        #expect(walk.prediction?.assumptions.map(\.code) == ["outside-answers"])
        #expect(walk.prediction?.assumptions.first?.namespace == "host")
    }

    @Test("the plain script's outside answers TCP and UDP as well")
    func scriptOutside() throws {
        let shell = try LabShell(
            "namespace-to-wan", hiding: ["wan"],
            """
            F=$(mktemp); "$P" twin --live > $F 2> /dev/null
            sh $F ip netns exec mynamespace nc -z -w 3 198.51.100.1 443 2> $D/said; echo tcp=$?
            sh $F ip netns exec mynamespace sh -c 'echo question | nc -u -w 2 198.51.100.1 53' 2>> $D/said | sed 's/^/udp=/'
            rm $F; cat $D/said >&2
            """)
        #expect(shell["tcp"] == "0", "\(shell.errorText)")
        #expect(shell["udp"] == "question", "\(shell.errorText)")
    }

    @Test("rehearses a change: one that mends, one that breaks, and one that fails")
    func changes() throws {
        let shell = try LabShell(
            "rule-drop-nftables",
            """
            echo 'delete table inet guard' > $D/mend.nft
            printf 'true\\nip link set nosuch up\\n' > $D/fail.sh
            # Without what moves by itself: counters, link-local addresses, connections.
            before() {
                nft -s list ruleset; ip -o link | cut -d: -f2; ip -4 addr | grep inet; ip route; ip rule
                iptables-legacy-save | grep -v '^#'; sysctl -a 2>/dev/null | grep ^net | grep -v conntrack_count
            }
            before > $D/1
            "$P" predict --from mynamespace 198.51.100.1 --apply $D/mend.nft -q; echo mended=$?
            "$P" predict --from mynamespace 198.51.100.1 --apply $D/fail.sh; echo failed=$?
            "$P" predict --from mynamespace 198.51.100.1 -q; echo dropped=$?
            "$P" predict --from mynamespace 198.51.100.1 --permit-all -q; echo permitted=$?
            before > $D/2
            cmp $D/1 $D/2 && echo untouched=yes
            """)
        #expect(shell["mended"] == "0", "\(shell.text)\n\(shell.errorText)")
        #expect(shell["failed"] == "65")
        #expect(shell.errorText.contains("fail.sh"))
        #expect(shell.errorText.contains("line 2: “ip link set nosuch up” failed"))
        #expect(shell["dropped"] == "1")
        #expect(shell["permitted"] == "0")
        #expect(shell["untouched"] == "yes")
    }

    @Test("compared with what is observed is the same")
    func comparison() throws {
        let shell = try LabShell(
            "rule-drop-nftables",
            """
            "$P" explain --from mynamespace 198.51.100.1 --wait 0.5 --compare; echo status=$?
            "$P" explain --from mynamespace 198.51.100.1 --wait 0.5 --compare --format json
            """)
        #expect(shell["status"] == "1", "\(shell.errorText)")
        #expect(shell.text.contains("compared with the twin: the same, "), "\(shell.text)")
        #expect(shell.text.contains("\"schema\":\"packetwalk.comparison/1\""))
        #expect(shell.text.contains("\"same\":true"))
        #expect(try shell.walks.compactMap(\.prediction).count == 1)
    }

    /// As one without any privilege, where the setting says 0, and as another user, where no more can be made.
    @Test("says in one line where no sandbox can be made, and what would allow it", arguments: [true, false])
    func forbidden(isZero: Bool) throws {
        let commands = [
            "predict --from host 192.0.2.2", "check expectations", "compare s.json s.json", "demo",
            "lab run namespace-to-wan", "lab shell namespace-to-wan", "twin s.json --shell",
        ]
        let runs = commands.enumerated().map { number, command in
            "$by $P \(command) >out 2>err </dev/null; echo status\(number)=$?; echo said\(number)=$(grep -c ^ out); "
                + "sed 's/^/error\(number) /' err >&2"
        }
        let shell = try SandboxShell(
            """
            chmod 777 /run; echo 'host reaches 192.0.2.2' > expectations
            $P snapshot -o s.json; chmod 644 s.json
            echo \(isZero ? 0 : 1) > /proc/sys/user/max_user_namespaces
            by="\(isZero ? "setpriv --inh-caps=-all --bounding-set=-all" : "")"
            cat > all.sh <<'END'
            \(runs.joined(separator: "\n"))
            END
            export P by
            \(isZero ? "" : "unshare -U --map-user=1000 --map-group=1000 ")sh all.sh
            """)
        for (number, command) in commands.enumerated() {
            #expect(shell["status\(number)"] == "69", "\(command): \(shell.text)\n\(shell.errorText)")
            #expect(shell["said\(number)"] == "0", "\(command)")
            let lines = shell.errorText.split(separator: "\n").filter {
                $0.hasPrefix("error\(number) ") && $0.contains("cannot make a sandbox: ")
            }
            #expect(lines.count == 1, "\(command): \(shell.errorText)")
            // The script of a twin says it in lines of its own.
            if command.hasPrefix("twin") { continue }
            let advice = isZero ? "; run as root: sysctl -w user.max_user_namespaces=" : "; or run as root"
            #expect(lines.first?.contains(advice) == true, "\(command): \(lines)")
            #expect(
                lines.first?.contains("no more of them are allowed here (user.max_user_namespaces)") == true,
                "\(command): \(lines)")
        }
    }

    /// Rules with their counters, links with theirs, addresses, routes, neighbours, settings, connections, of each namespace.
    private static let state = """
        state() {
            for name in - mynamespace wan; do
                in="ip netns exec $name"; [ $name = - ] && in=
                echo "== $name"
                $in nft list ruleset; $in iptables-legacy-save -c | grep -v '^#'; $in ip6tables-legacy-save | grep -v '^#'
                $in ip -s -d link | sed 's/_timer *[0-9.]*//g'; $in ip addr; $in ip route show table all; $in ip -6 route show table all; $in ip rule
                $in ip -o neigh | awk '{ print $1, $3, $5 }'; $in bridge fdb; $in tc qdisc
                $in sysctl -a 2>/dev/null | grep ^net
                $in conntrack -L -o extended 2>/dev/null | awk '{ $5 = ""; print }'
            done
            ip netns; ls -A /run
        }
        # The kernel sees to carriers in its own time.
        tries=0
        until ip link show mybridge | grep -q 'state UP' && ip link show eth0 | grep -q 'state UP'; do
            tries=$((tries + 1)); [ $tries -lt 100 ] || break
            sleep 0.1
        done
        # Without IPv6 nothing is sent that nobody asked for.
        for name in mynamespace wan; do ip netns exec $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done
        sysctl -qw net.ipv6.conf.all.disable_ipv6=1
        iptables-legacy -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
        nft 'add chain inet guard count { type filter hook forward priority -200; }'
        nft add rule inet guard count counter
        conntrack -I -p tcp -s 172.19.0.9 -d 198.51.100.9 --sport 1000 --dport 80 --state ESTABLISHED -t 3000 \
            -u ASSURED,SEEN_REPLY >/dev/null 2>&1

        """

    @Test(
        "snapshot, predict, check, compare and twin leave the host as it was, with every counter; explain sends a packet"
    )
    func untouched() throws {
        let shell = try LabShell(
            "rule-drop-nftables",
            Self.state + """
                echo 'delete table inet guard' > $D/mend.nft
                echo 'mynamespace does not reach 198.51.100.1' > $D/expectations
                # Reports of group membership are sent again seconds after a device came up: the state is that of a host at rest.
                tries=0
                until state > $D/before; sleep 2.5; state > $D/rest; cmp -s $D/before $D/rest; do
                    tries=$((tries + 1)); [ $tries -lt 10 ] || break
                done
                "$P" snapshot -o $D/s.json; echo snapshot=$?
                "$P" predict --from mynamespace 198.51.100.1 -q; echo predict=$?
                "$P" predict --from mynamespace 198.51.100.1 --apply $D/mend.nft -q; echo applied=$?
                "$P" check $D/expectations; echo check=$?
                "$P" compare $D/s.json $D/s.json; echo compare=$?
                "$P" twin --live > $D/twin.sh 2>$D/said; echo twin=$?
                echo 'ip link del eth0; nft flush ruleset' | "$P" twin --live --shell >/dev/null 2>&1
                "$P" map >/dev/null; echo map=$?
                state > $D/after
                diff $D/before $D/after > $D/differences && echo untouched=yes
                head -n 40 $D/differences >&2
                # The one packet, whatever is tried in twins: the counters of both chains that it met.
                "$P" explain --from mynamespace 198.51.100.1 --wait 0.5 --twin auto > $D/explained; echo explain=$?
                grep -c verified $D/explained
                echo counted=$(nft list table inet guard | grep -o 'counter packets [0-9]*' | cut -d' ' -f3 | sort | tr '\\n' ' ')
                # What the packet itself leaves: counts, a neighbour, a connection.
                still() { grep -v -e packets -e '^:[A-Z]* ' -e '^ *[0-9 ]*$' -e icmp -e 'icmp_' -e conntrack_count -e REACHABLE $1; }
                state > $D/after
                still $D/before > $D/1; still $D/after | grep -v -F -x -f $D/1 > $D/2
                cat $D/2 >&2; echo new=$(grep -c -v '^[0-9.]* [a-z0-9]* [0-9a-f:]*$' $D/2)
                """)
        let statuses = ["snapshot": "0", "predict": "1", "applied": "0", "check": "0", "compare": "0", "twin": "0"]
        for (name, status) in statuses { #expect(shell[name] == status, "\(name): \(shell.errorText)") }
        #expect(shell["untouched"] == "yes", "\(shell.errorText)")
        #expect(shell["explain"] == "1")
        #expect(shell["counted"] == "1 1", "\(shell.text)")
        #expect(shell["new"] == "0", "\(shell.errorText)")
    }

    @Test("leaves nothing when it is killed")
    func killed() throws {
        let mark = "97\(Int.random(in: 1_000...9_999))"
        let shell = try SandboxShell(
            """
            mkdir -m 777 /run/test; cd /run/test
            echo 'sleep \(mark)' > slow.sh
            $P predict --from host 192.0.2.2 --apply slow.sh & tool=$!
            until_true 300 pgrep -fx 'sleep \(mark)' || echo never=started
            kill -9 $tool; wait $tool
            until_true 50 sh -c '! pgrep -fx "sleep \(mark)"' && echo left=nothing
            """, privileged: true)
        #expect(shell["never"] == nil, "\(shell.errorText)")
        #expect(shell["left"] == "nothing", "\(shell.text) \(shell.errorText)")
    }
}

@Suite("A file of expectations", .enabled(if: SandboxShell.isAvailable))
struct CheckTests {
    @Test("passes and fails in the twin of this machine, of a snapshot, and with a change")
    func check() throws {
        let shell = try LabShell(
            "namespace-to-wan",
            """
            cat > $D/good <<'END'
            mynamespace reaches 198.51.100.1     # by NAT
            mynamespace reaches wan icmp
            mynamespace does not reach wan:81
            wan does not reach mynamespace:22
            END
            echo 'iptables -I FORWARD -d 198.51.100.1 -j DROP' > $D/drop.sh
            echo 'mynamespace reach wan' > $D/bad
            printf '\\nnobody reaches wan' > $D/unknown
            "$P" check $D/good; echo good=$?
            "$P" snapshot -o $D/s.json
            "$P" check $D/good --snapshot $D/s.json --apply $D/drop.sh; echo dropped=$?
            "$P" check $D/good --apply $D/drop.sh --format json | grep -c '"holds":true'
            "$P" check $D/good --tap | head -3
            "$P" check $D/bad; echo bad=$?
            "$P" check $D/unknown; echo unknown=$?
            "$P" check $D/none; echo none=$?
            """)
        #expect(shell["good"] == "0", "\(shell.text)\n\(shell.errorText)")
        #expect(shell.text.contains("4 expectations, all hold"))
        #expect(shell["dropped"] == "1")
        #expect(shell.text.contains("FAILED  mynamespace reaches 198.51.100.1"))
        #expect(shell.text.contains("dropped by iptables filter FORWARD 1 in host (line 1)"))
        #expect(shell.text.contains("4 expectations, 1 failed"))
        #expect(shell.text.contains("\n3\n"))
        #expect(shell.text.contains("TAP version 13\n1..4\nok 1 - mynamespace reaches 198.51.100.1\n"))
        #expect(shell["bad"] == "65")
        #expect(shell.errorText.contains("line 1:"))
        #expect(shell["unknown"] == "65")
        #expect(shell.errorText.contains("line 2: no namespace “nobody”"))
        #expect(shell["none"] == "65")
    }

    @Test("calls the programs of the rebuilt network by the names of those that run")
    func programs() throws {
        let shell = try LabShell(
            "namespace-to-wan",
            """
            ip netns exec wan /usr/bin/python3 -c 'import socket, time
            s = socket.create_server(("", 8000)); time.sleep(100)' </dev/null >/dev/null 2>&1 &
            listens() { ip netns exec wan ss -ltn | grep -q ':8000 '; }
            until_true 50 listens
            echo 'mynamespace reaches wan:81' > $D/e
            "$P" check $D/e; echo status=$?
            kill %1
            """)
        #expect(shell["status"] == "1", "\(shell.errorText)")
        #expect(shell.text.contains("listening: python3 tcp"), "\(shell.text)")
    }
}
