import LinuxSystem
import Network
import Testing
import Wire

@testable import Snapshot

@Suite("A snapshot of a host", .enabled(if: SandboxShell.isAvailable))
struct HostSnapshotTests {
    /// The snapshot of a network as an ordinary user makes it in a sandbox.
    private func snapshot(_ setup: String, options: String = "") throws -> (HostSnapshot, SandboxShell) {
        let shell = try SandboxShell("set -e\n\(setup)\n$P snapshot -o /run/s.json \(options) && cat /run/s.json\n")
        try #require(shell.status == 0, "\(shell.errorText)")
        return (try HostSnapshot(document: Array(shell.text.utf8)), shell)
    }

    @Test("holds rules of every kind, addresses in order, next-hop objects and routing rules")
    func rules() throws {
        let (snapshot, _) = try snapshot(
            """
            ip addr add 192.0.2.5/24 dev veth0
            ip nexthop add id 5 via 192.0.2.2 dev veth0
            ip route add 198.51.100.0/24 nhid 5
            ip route add blackhole 203.0.113.0/24 table 77
            ip rule add from 10.0.0.0/8 ipproto udp dport 53 lookup 77 priority 100
            ip rule add to 10.9.9.9 unreachable priority 101
            ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev veth0 nud permanent
            ip neigh add proxy 192.0.2.8 dev veth0
            sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.veth0.rp_filter=2 net.ipv4.neigh.veth0.retrans_time_ms=100
            nft -f - <<END
            table inet second {
              chain f {
                type filter hook forward priority 0; policy drop;
                ip saddr { 10.1.0.0/16, 10.3.0.1-10.3.0.9 } accept
              }
            }
            table ip dormant {
              flags dormant
            }
            END
            iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
            iptables-legacy -A FORWARD -p tcp --dport 23 -j DROP
            tc qdisc add dev veth0 root tbf rate 1mbit burst 10kb latency 50ms
            ip -n router route add default via 192.0.2.1
            ping -c 1 -W 5 192.0.2.2 >/dev/null
            """)
        #expect(snapshot.namespaces.map(\.name) == ["host", "router"])
        let host = try #require(snapshot[namespace: "host"])
        let own = host.addresses.filter { $0["ifname"]?.string == "veth0" && $0["family"]?.string == "inet" }
        #expect(own.compactMap { $0["local"]?.string } == ["192.0.2.1", "192.0.2.5"])
        #expect(own[0]["secondary"] == nil && own[1]["secondary"]?.isTrue == true)
        #expect(host.nexthops.map { $0["id"]?.integer } == [5])
        #expect(host.routes.ipv4.contains { $0["dst"]?.string == "198.51.100.0/24" && $0["nhid"]?.integer == 5 })
        #expect(host.routes.ipv4.contains { $0["type"]?.string == "blackhole" && $0["table"]?.string == "77" })
        #expect(host.rules.ipv4.map { $0["priority"]?.integer } == [0, 100, 101, 32766, 32767])
        #expect(host.rules.ipv4[1]["ipproto"]?.string == "17" && host.rules.ipv4[1]["dport"]?.integer == 53)
        #expect(host.rules.ipv4[2]["action"]?.string == "unreachable")
        #expect(
            host.neighbours.contains { $0["dst"]?.string == "192.0.2.9" && $0["lladdr"]?.string == "02:00:00:00:00:09" }
        )
        #expect(host.neighbours.contains { $0["dst"]?.string == "192.0.2.8" && $0["proxy"]?.isTrue == true })
        #expect(host.sysctls["net.ipv4.ip_forward"] == "1" && host.sysctls["net.ipv4.conf.veth0.rp_filter"] == "2")
        #expect(host.sysctls["net.ipv4.neigh.veth0.retrans_time_ms"] == "100")
        #expect(host.sysctls["net.bridge.bridge-nf-call-iptables"] != nil)
        #expect(host.nftables.map(\.name) == ["second", "dormant"] && host.nftables[1].flags == ["dormant"])
        #expect(host.nftables[0].text.contains("10.3.0.1-10.3.0.9"))
        #expect(host.iptables.map { "\($0.backend) \($0.name)" } == ["iptables-legacy filter", "iptables-nft nat"])
        #expect(host.iptables[1].chains == ["POSTROUTING"])
        #expect(host.iptables[0].text.contains("-A FORWARD -p tcp -m tcp --dport 23 -j DROP\n"))
        #expect(host.queues.map { $0["kind"]?.string } == ["tbf"])
        // NAT turns conntrack on.
        #expect(host.conntrack?.map(\.ipProtocol) == [.icmp])
        #expect(host.conntrack?.first?.original.destination == IPAddress("192.0.2.2"))
        let router = try #require(snapshot[namespace: "router"])
        #expect(router.routes.ipv4.contains { $0["dst"]?.string == "default" && $0["gateway"]?.string == "192.0.2.1" })
        #expect(router.nftables.isEmpty && router.iptables.isEmpty && router.conntrack == [])
        let link = try #require(host.links.first { $0["ifname"]?.string == "veth0" })
        #expect(link["peer"]?.compact == #"{"namespace":"router","ifname":"veth1"}"#)
        #expect(host.nsids.keys.sorted() == ["router"] && router.nsids.keys.sorted() == ["host"])
    }

    @Test("holds bridges with their ports in order, VXLAN with its FDB, and listening sockets")
    func switching() throws {
        let (snapshot, shell) = try snapshot(
            """
            ip link add br0 type bridge ageing_time 5000 stp_state 0
            ip link add p1 type veth peer name q1; ip link add p0 type veth peer name q0
            ip link set p1 master br0; ip link set p0 master br0
            ip link set br0 up; ip link set p0 up; ip link set p1 up; ip link set q0 up; ip link set q1 up
            bridge link set dev p1 hairpin on
            bridge fdb add 02:00:00:00:00:07 dev p0 master static
            ip link add vx type vxlan id 42 dstport 4789 local 192.0.2.1 dev veth0
            bridge fdb append 00:00:00:00:00:00 dev vx dst 192.0.2.2
            ip netns exec router /usr/bin/python3 -c '
            import socket, time
            s = socket.socket(socket.AF_INET6); s.setsockopt(41, 26, 1); s.bind(("::", 8080)); s.listen(7)
            u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("192.0.2.2", 53)); open("/run/ready", "w")
            time.sleep(60)' &
            until_true 100 test -e /run/ready
            """, options: "--in host --in router")
        let host = try #require(snapshot[namespace: "host"])
        let ports = host.links.filter { $0["master"]?.string == "br0" }
        // Numbered as they joined, not as their devices are.
        #expect(
            ports.map { "\($0["ifname"]?.string ?? "") \($0["port"]?["hairpin"]?.compact ?? "")" } == [
                "p1 true", "p0 false",
            ])
        #expect(ports.map { $0["linkinfo"]?["info_slave_data"]?["no"]?.string } == ["0x1", "0x2"])
        let bridge = try #require(host.links.first { $0["ifname"]?.string == "br0" })
        #expect(bridge["linkinfo"]?["info_data"]?["ageing_time"]?.integer == 5000)
        #expect(host.fdb.contains { $0["mac"]?.string == "02:00:00:00:00:07" && $0["state"]?.string == "static" })
        #expect(host.fdb.contains { $0["ifname"]?.string == "vx" && $0["dst"]?.string == "192.0.2.2" })
        let sockets = try #require(snapshot[namespace: "router"]?.sockets)
        let web = try #require(sockets.first { $0.port == 8080 })
        #expect(web.protocol == .tcp && web.isIPv6Only == true && web.backlog == 7)
        #expect(sockets.contains { $0.protocol == .udp && $0.port == 53 && $0.address == IPAddress("192.0.2.2") })
        #expect(shell.errorText.isEmpty, "\(shell.errorText)")
    }

    private func snapshot(ofLab name: String) throws -> HostSnapshot {
        let output = try Command([LabRun.program, "lab", "shell", name]).run(
            input: Array("'\(LabRun.program)' snapshot; exit\n".utf8))
        return try HostSnapshot(document: output.standardOutput)
    }

    @Test("of lab vxlan-fragments holds its tunnel, its short link and its bridge")
    func tunnelLab() throws {
        let snapshot = try snapshot(ofLab: "vxlan-fragments")
        #expect(Set(snapshot.namespaces.map(\.name)) == ["host", "mynamespace", "other"])
        let host = try #require(snapshot[namespace: "host"])
        func link(_ namespace: String, _ name: String) throws -> JSONTree {
            try #require(snapshot[namespace: namespace]?.links.first { $0["ifname"]?.string == name })
        }
        #expect(try link("host", "veth0")["mtu"]?.integer == 1500 && link("host", "veth2")["mtu"]?.integer == 1300)
        #expect(try link("host", "veth2")["master"]?.string == "mybridge")
        #expect(try link("host", "veth2")["peer"]?["namespace"]?.string == "other")
        let data = try #require(try link("mynamespace", "vxlan42")["linkinfo"]?["info_data"])
        #expect(data["id"]?.integer == 42 && data["port"]?.integer == 4789)
        #expect(data["local"]?.string == "172.19.0.1" && data["remote"]?.string == "172.19.0.2")
        #expect(host.sysctls["net.bridge.bridge-nf-call-iptables"] == "1")
        #expect(host.nftables.map { "\($0.family) \($0.name)" } == ["ip filter"] && host.iptables.isEmpty)
        let own = snapshot[namespace: "other"]?.addresses.filter { $0["ifname"]?.string == "vxlan42" }
        #expect(own?.first?["local"]?.string == "10.1.1.2")
    }

    @Test(
        "of lab rule-drop-nftables-set holds its set and its translation, and differs from another lab by those alone")
    func rulesLab() throws {
        let snapshot = try snapshot(ofLab: "rule-drop-nftables-set")
        let host = try #require(snapshot[namespace: "host"])
        #expect(host.sysctls["net.ipv4.ip_forward"] == "1")
        #expect(host.iptables.contains { $0.name == "nat" && $0.text.contains("-s 172.19.0.0/24 -j MASQUERADE\n") })
        let guardTable = try #require(host.nftables.first { $0.name == "guard" })
        #expect(guardTable.text.contains("elements = { 198.51.100.0/24 }"))
        #expect(guardTable.text.contains("\t\tip daddr @blocked drop\n"))
        let inside = try #require(snapshot[namespace: "mynamespace"])
        #expect(inside.routes.ipv4.contains { $0["dst"]?.string == "default" && $0["gateway"]?.string == "172.19.0.1" })
        // Its MACs and the addresses made of them are random; all else is the base network.
        let base = try self.snapshot(ofLab: "namespace-to-wan")
        let different = snapshot.differences(from: base).filter { difference in
            switch difference.part {
            case .links: !difference.text.contains(": address ") && !difference.text.contains("group_addr")
            case .addresses, .routes: !difference.text.contains("fe80:")
            case .fdb, .neighbours: false
            default: true
            }
        }
        #expect(different.map(\.description) == ["host: nftables table inet guard is new"])
    }

    @Test("lets nft list a table of iptables' that holds rules of nft's")
    func shared() throws {
        let (snapshot, _) = try snapshot(
            """
            iptables-nft -A FORWARD -p tcp --dport 23 -j DROP
            nft 'add rule ip filter FORWARD tcp dport { 80, 443 } accept'
            iptables-nft -t mangle -A FORWARD -j MARK --set-mark 5
            """)
        let host = try #require(snapshot[namespace: "host"])
        // iptables-nft-save says `-p tcp -j ACCEPT` of it.
        #expect(host.nftables.map(\.name) == ["filter"] && host.iptables.map(\.name) == ["mangle"])
        #expect(host.nftables[0].text.contains("tcp dport { 80, 443 } accept"))
    }

    @Test("changes nothing, and twice in a row shows no difference")
    func harmless() throws {
        let state = """
            state() {
              for n in host router; do
                [ $n = host ] && in= || in="ip netns exec $n"
                $in ip -d -s link; $in ip addr; $in ip route show table all; $in ip rule; $in sysctl -a 2>/dev/null |
                  grep '^net' | grep -v 'random\\|_count\\|nr_'
                $in nft list ruleset; $in cat /proc/net/ip_tables_names 2>/dev/null; $in cat /proc/net/ip6_tables_names
                $in conntrack -L -o id 2>/dev/null | sed 's/ [0-9]* src/ src/'
              done
            }
            """
        let shell = try SandboxShell(
            state + """

                nft 'add table ip t { chain c { type filter hook input priority 0; ct state new counter accept; }; }'
                iptables-legacy -A FORWARD -j ACCEPT
                sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip netns exec router sysctl -qw net.ipv6.conf.all.disable_ipv6=1
                ping -c 1 -W 5 192.0.2.2 >/dev/null
                state >/run/before 2>/dev/null
                $P snapshot -o /run/1.json && $P snapshot > /run/2.json || exit 1
                state >/run/after 2>/dev/null
                cmp /run/before /run/after || { diff /run/before /run/after; exit 2; }
                [ $(wc -l < /run/before) -gt 500 ] || exit 3
                ls /run; cat /run/1.json; echo; echo ----; cat /run/2.json
                """)
        try #require(shell.status == 0, "\(shell.status) \(shell.text.suffix(2000)) \(shell.errorText)")
        #expect(shell.text.contains("1.json\n2.json\n"))
        let start = try #require(shell.text.firstIndex(of: "{"))
        let parts = shell.text[start...].split(separator: "----\n")
        let snapshots = try parts.map { try HostSnapshot(document: Array($0.utf8)) }
        #expect(snapshots.count == 2 && snapshots[1].differences(from: snapshots[0]) == [])
    }

    @Test("ends with the status of what went wrong, and leaves the old file whole")
    func failures() throws {
        let shell = try SandboxShell(
            """
            $P snapshot -o /none/s.json; echo directory=$?
            $P snapshot --in nowhere -o /run/s.json; echo namespace=$?
            echo old >/run/s.json
            mount -t tmpfs -o size=4k none /mnt/share 2>/dev/null; echo old >/mnt/share/s.json
            $P snapshot -o /mnt/share/s.json; echo full=$?
            cat /mnt/share/s.json; ls /mnt/share; $P snapshot >/dev/full; echo output=$?
            """)
        #expect(
            shell["directory"] == "74" && shell["namespace"] == "64" && shell["full"] == "74" && shell["output"] == "74"
        )
        #expect(shell.text.contains("\nold\ns.json\n"), "\(shell.text)")
        let lines = shell.errorText.split(separator: "\n")
        #expect(lines.count == 4, "\(shell.errorText)")
        #expect(lines.first == "packetwalk: cannot write the snapshot to /none/s.json: No such file or directory")
    }

    /// What would be more than the limit ends the process in the middle of the file (SIGXFSZ), as kill -9 would.
    @Test("leaves nothing when it is ended while it writes, and the old file where there is one")
    func endedWhileWriting() throws {
        let shell = try SandboxShell(
            """
            mkdir /tmp/new /tmp/old; echo before > /tmp/old/s.json
            for folder in new old; do
                (ulimit -f 8; exec $P snapshot -o /tmp/$folder/s.json); echo $folder=$?
                echo $folder-files=$(ls -A /tmp/$folder)
            done
            echo content=$(cat /tmp/old/s.json)
            $P snapshot -o /tmp/old/s.json; echo whole=$?
            echo size=$(($(wc -c < /tmp/old/s.json) > 8192)) files=$(ls -A /tmp/old)
            """)
        #expect(shell["new"] == "153" && shell["new-files"] == "", "\(shell.text) \(shell.errorText)")
        #expect(shell["old"] == "153" && shell["old-files"] == "s.json")
        #expect(shell["content"] == "before")
        #expect(shell["whole"] == "0" && shell["size"] == "1 files=s.json")
    }

    @Test("without addresses loads as the other one does")
    func anonymized() throws {
        let (snapshot, _) = try snapshot(
            """
            ip route add 198.51.100.0/24 via 192.0.2.2
            nft -f - <<END
            table inet fw {
              set s { type ipv4_addr; flags interval; elements = { 198.51.100.3-198.51.100.77, 192.0.2.0/25 comment "mine" }
              }
              chain f {
                type filter hook forward priority 0; comment "of bob";
                ip saddr 198.51.100.9-198.51.100.200 ip daddr @s drop comment "all of it"
              }
            }
            END
            iptables-legacy -A FORWARD -m iprange --dst-range 198.51.100.9-198.51.100.200 -m comment --comment mine -j ACCEPT
            """, options: "--anonymize")
        let host = try #require(snapshot[namespace: "host"])
        #expect(snapshot.namespaces.map(\.name) == ["host", "namespace1"])
        let address = try #require(host.addresses.first { $0["ifname"]?.string == "veth0" }?["local"]?.string)
        let peer = try #require(
            snapshot.namespaces[1].addresses.first { $0["ifname"]?.string == "veth1" }?["local"]?.string)
        let network = try #require(IPPrefix("\(address)/24"))
        let gateway = try #require(IPAddress(peer))
        #expect(network.contains(gateway))
        #expect(host.routes.ipv4.contains { $0["gateway"]?.string == peer })
        let shell = try SandboxShell(
            """
            nft -f - <<'END' || exit 1
            \(host.nftables[0].text)
            END
            iptables-legacy-restore <<'END' || exit 2
            \(host.iptables[0].text)
            END
            nft list table inet fw
            """)
        #expect(shell.status == 0, "\(shell.errorText)")
        #expect(shell.text == host.nftables[0].text)
        #expect(!shell.text.contains("comment"))
    }
}
