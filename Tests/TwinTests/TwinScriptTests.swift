import LinuxSystem
import Network
import Snapshot
import TestSupport
import Testing
import Wire

@testable import Twin

/// The script of a snapshot, read as text. What it rebuilds is held against the kernel by scenario tests.
@Suite("A script that rebuilds a network") struct TwinScriptTests {
    private func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Array(text.utf8)) }

    private func lines(_ snapshot: HostSnapshot) -> [String] {
        var plan = TwinPlan(snapshot, options: TwinScript.Options())
        return (plan.beginning() + plan.rest()).flatMap(\.lines)
    }

    private func host(_ change: (inout NamespaceSnapshot) throws -> Void) rethrows -> HostSnapshot {
        var namespace = NamespaceSnapshot(name: "host", inode: 1)
        try change(&namespace)
        return HostSnapshot(host: "h", time: "2026-01-01T00:00:00Z", kernel: "6.1", namespaces: [namespace])
    }

    @Test("takes for granted that no errors were sent for routes that refuse: the kernel sends few of them")
    func refusingRoutes() throws {
        let snapshot = try host {
            $0.routes.ipv4 = [
                try tree(#"{"type":"prohibit","dst":"192.0.2.0/24"}"#),
                try tree(#"{"type":"blackhole","dst":"10.0.0.0/8"}"#),
                try tree(#"{"type":"unreachable","dst":"198.51.100.7"}"#),
                try tree(#"{"dst":"default","gateway":"10.1.1.1"}"#),
            ]
            $0.routes.ipv6 = [try tree(#"{"type":"prohibit","dst":"2001:db8::/64"}"#)]
        }
        let told = snapshot.assumptions().filter { $0.code == .limitState }
        #expect(told.map(\.subject) == ["errors"])
        #expect(told.first?.text.contains("“prohibit 192.0.2.0/24” and 1 more like it") == true)
        let silent = try host { $0.routes.ipv4 = [try tree(#"{"type":"blackhole","dst":"10.0.0.0/8"}"#)] }
        #expect(!silent.assumptions().contains { $0.code == .limitState })
    }

    @Test("makes both ends of a veth at once, each in its namespace")
    func veth() throws {
        var snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"v0","mtu":1400,"link_type":"ether","address":"02:00:00:00:00:01","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"web","ifname":"eth0"}}"#
                )
            ]
        }
        var web = NamespaceSnapshot(name: "web", inode: 2)
        web.links = [
            try tree(
                #"{"ifindex":7,"ifname":"eth0","mtu":1500,"link_type":"ether","address":"02:00:00:00:00:02","linkinfo":{"info_kind":"veth"},"peer":{"namespace":"host","ifname":"v0"}}"#
            )
        ]
        snapshot.namespaces.append(web)
        let made = lines(snapshot).filter { $0.hasPrefix("link add") }
        #expect(
            made == [
                "link add v0 index 2 address 02:00:00:00:00:01 mtu 1400 type veth peer name eth0 index 7 address 02:00:00:00:00:02 mtu 1500 netns web"
            ])
    }

    @Test("leaves out what neighbors are asked by at ports of bridges, and waits for them before it fills the bridge")
    func ports() throws {
        let snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"br0","flags":["UP"],"linkinfo":{"info_kind":"bridge"}}"#),
                try tree(
                    #"{"ifindex":3,"ifname":"p0","master":"br0","flags":["UP","LOWER_UP"],"linkinfo":{"info_kind":"dummy","info_slave_kind":"bridge"}}"#
                ),
                try tree(
                    #"{"ifindex":4,"ifname":"p1","master":"br0","flags":["UP","LOWER_UP"],"linkinfo":{"info_kind":"dummy","info_slave_kind":"bridge"}}"#
                ),
            ]
            // p1 has an address of its own, so it asks.
            $0.addresses = [
                try tree(#"{"ifname":"p1","family":"inet","local":"10.0.0.1","prefixlen":24,"scope":"global"}"#)
            ]
            $0.sysctls = [
                "net.ipv4.neigh.p0.retrans_time_ms": "500", "net.ipv4.neigh.p1.retrans_time_ms": "500",
                "net.ipv4.neigh.br0.retrans_time_ms": "500",
            ]
            $0.fdb = [try tree(#"{"mac":"02:00:00:00:00:09","ifname":"p0","master":"br0","state":"static"}"#)]
        }
        let made = lines(snapshot)
        #expect(
            made.filter { $0.contains("retrans_time_ms") } == [
                "net.ipv4.neigh.br0.retrans_time_ms = 500", "net.ipv4.neigh.p1.retrans_time_ms = 500",
            ])
        let wait = try #require(made.firstIndex(of: "settled - 0"))
        let entry = try #require(made.firstIndex { $0.hasPrefix("fdb replace 02:00:00:00:00:09 dev p0") })
        #expect(wait < entry)
    }

    @Test("notes addresses in lists of xt_recent that some rule still counts, after the rules")
    func recentLists() throws {
        let address = try #require(IPAddress("10.0.0.7"))
        let snapshot = host {
            $0.iptables = [
                .init(
                    backend: .iptablesNft, family: .ip, name: "filter", handle: 3, chains: ["FORWARD"],
                    text: """
                        *filter
                        :FORWARD ACCEPT [0:0]
                        -A FORWARD -m recent --update --seconds 60 --name bad --mask 255.255.255.255 --rsource -j DROP
                        -A FORWARD -m recent --set --name bad --mask 255.255.255.255 --rsource
                        -A FORWARD -m recent --rcheck --name ever --mask 255.255.255.255 --rsource -j DROP
                        COMMIT

                        """)
            ]
            $0.recent = [
                RecentEntry(list: "bad", address: address, secondsAgo: [3, 59, 70]),
                RecentEntry(list: "bad", address: IPAddress(ipv4: 1), secondsAgo: [61]),
                RecentEntry(list: "ever", address: address, secondsAgo: [4000]),
                RecentEntry(list: "../x", address: address, secondsAgo: [1]),
            ]
        }
        let made = lines(snapshot)
        let start = try #require(made.firstIndex(of: "recent_lists - <<'END'"))
        #expect(made[start...].dropFirst().prefix { $0 != "END" } == ["bad 10.0.0.7 2", "ever 10.0.0.7 1"])
        #expect(try #require(made.lastIndex { $0.hasPrefix("-A FORWARD") }) < start)
        let told = snapshot.assumptions().filter { $0.code == .limitState }
        #expect(told.allSatisfy { $0.text.hasSuffix("each address in the list was seen just now") })
    }

    @Test("a bridge asks for members of groups once it has addresses, and is believed at once")
    func querier() throws {
        let snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":3,"ifname":"b0","flags":["UP"],"linkinfo":{"info_kind":"bridge","info_data":{"mcast_querier":1,"mcast_query_response_intvl":500}}}"#
                )
            ]
            $0.addresses = [
                try tree(#"{"ifname":"b0","family":"inet6","local":"2001:db8::1","prefixlen":64,"scope":"global"}"#)
            ]
        }
        let made = lines(snapshot)
        let address = try #require(made.firstIndex { $0.hasPrefix("addr add 2001:db8::1/64") })
        #expect(!made[..<address].contains { $0.contains("mcast_querier ") })
        #expect(
            made[address...].filter { $0.contains("mcast_quer") }.map {
                $0.replacing("link set b0 type bridge ", with: "")
            } == [
                "mcast_query_response_interval 1", "mcast_querier 1", "mcast_query_response_interval 500",
            ])
    }

    @Test("joins the groups that programs have joined")
    func groups() throws {
        let snapshot = try host {
            $0.groups = [GroupMembership(device: "eth0", group: try #require(IPAddress("239.1.2.3")))]
        }
        let made = lines(snapshot)
        let start = try #require(made.firstIndex(of: "groups - <<'END'"))
        #expect(made[start + 1] == "eth0 239.1.2.3")
    }

    @Test("an address that was refused for somebody outside is refused again")
    func refusedOutside() throws {
        let refused =
            #"{"ifname":"br0","family":"inet6","local":"2001:db8::1","prefixlen":64,"scope":"global","dadfailed":true}"#
        let snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","master":"br0","linkinfo":{"info_slave_kind":"bridge"}}"#
                ), try tree(#"{"ifindex":3,"ifname":"br0","flags":["UP"],"linkinfo":{"info_kind":"bridge"}}"#),
            ]
            $0.addresses = [try tree(refused)]
        }
        let made = lines(snapshot)
        let start = try #require(made.firstIndex(of: "collisions - <<'END'"))
        #expect(made[start + 1] == "br0 2001:db8::1/64 outside-eth0 w0")
        #expect(!snapshot.assumptions().contains { $0.code == .duplicateAddressDetection })
        let alone = try host {
            $0.links = [try tree(#"{"ifindex":3,"ifname":"br0","flags":["UP"],"linkinfo":{"info_kind":"bridge"}}"#)]
            $0.addresses = [try tree(refused)]
        }
        #expect(!lines(alone).contains { $0.hasPrefix("collisions -") })
        #expect(alone.assumptions().contains { $0.code == .duplicateAddressDetection })
    }

    @Test("makes neighbors that failed, and takes for granted that one being asked for is asked anew")
    func neighbors() throws {
        let snapshot = try host {
            $0.links = [try tree(#"{"ifindex":2,"ifname":"d0","linkinfo":{"info_kind":"dummy"}}"#)]
            $0.neighbours = [
                try tree(#"{"dst":"10.0.0.7","dev":"d0","state":["FAILED"]}"#),
                try tree(#"{"dst":"10.0.0.8","dev":"d0","state":["INCOMPLETE"]}"#),
                try tree(#"{"dst":"10.0.0.9","dev":"d0","lladdr":"02:00:00:00:00:09","state":["STALE"]}"#),
            ]
        }
        #expect(
            lines(snapshot).filter { $0.hasPrefix("neigh") } == [
                "neigh replace 10.0.0.7 dev d0 nud failed",
                "neigh replace 10.0.0.9 lladdr 02:00:00:00:00:09 dev d0 nud stale",
            ])
        let told = TwinScript(snapshot).assumptions.filter { $0.code == .neighborState }
        #expect(told.map(\.subject) == ["10.0.0.8"])
        #expect(
            told.first?.text
                == "10.0.0.8 on d0 is asked for anew: the kernel is asking for it, and has no answer yet")
    }

    @Test("gives a link whose other end is unknown an outside that answers")
    func outside() throws {
        let snapshot = try host {
            $0.links = [
                try tree(
                    #"{"ifindex":2,"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,"link_type":"ether","address":"02:00:00:00:00:01"}"#
                )
            ]
        }
        let script = TwinScript(snapshot)
        #expect(script.standIns == ["outside-eth0"])
        #expect(script.assumptions.contains { $0.code == .outsideAnswers && $0.namespace == "host" })
    }

    @Test("brings a gateway that no address reaches any more back for a moment")
    func lostGateway() throws {
        let snapshot = try host {
            $0.routes.ipv4 = [
                try tree(
                    #"{"type":"unicast","dst":"default","gateway":"192.0.2.1","dev":"eth0","table":"254","protocol":"3","scope":"0"}"#
                )
            ]
        }
        let routes = lines(snapshot).filter { $0.hasPrefix("route ") }
        #expect(
            routes == [
                "route add 192.0.2.1/32 dev eth0 table 254",
                "route add default via 192.0.2.1 dev eth0 table 254 proto 3 scope 0",
                "route del 192.0.2.1/32 dev eth0 table 254",
            ])
    }

    @Test("makes tables in the order in which they were made, whichever firewall's")
    func order() throws {
        let snapshot = host {
            $0.nftables = [.init(family: .inet, name: "late", handle: 9, text: "table inet late {\n}\n")]
            $0.iptables = [
                .init(
                    backend: .iptablesNft, family: .ip, name: "filter", handle: 3, chains: ["FORWARD"],
                    text: "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n")
            ]
        }
        let made = lines(snapshot)
        let first = try #require(made.firstIndex(of: "*filter"))
        let second = try #require(made.firstIndex(of: "table inet late {"))
        #expect(first < second)
        // Of the table's base chains no more than the host has: each is a hook.
        #expect(made.contains("delete chain ip filter INPUT"))
        #expect(!made.contains("delete chain ip filter FORWARD"))
    }

    private func legacy(_ name: String) -> NamespaceSnapshot.IPTable {
        .init(backend: .iptablesLegacy, family: .ip, name: name, text: "*\(name)\n:FORWARD ACCEPT [0:0]\nCOMMIT\n")
    }

    private func nft(_ name: String, _ handle: UInt64, _ chain: String) -> NamespaceSnapshot.NFTable {
        .init(
            family: .inet, name: name, handle: handle,
            text: "table inet \(name) {\n\tchain c {\n\t\t\(chain)\n\t}\n}\n")
    }

    /// The tables by name in the order in which they are made.
    private func made(_ snapshot: HostSnapshot, beforeLegacy count: Int? = nil) -> [String] {
        TableOrder.tables(of: snapshot.namespaces[0], beforeLegacy: count).map { table in
            switch table {
            case .nft(let table): table.name
            case .iptables(let table): table.name
            }
        }
    }

    @Test("knows the order of a legacy table only where it does not matter")
    func legacyOrder() {
        let alone = host {
            $0.iptables = [legacy("filter")]
            $0.nftables = [
                nft("a", 1, "type filter hook forward priority filter + 10; policy accept;"),
                nft("b", 2, "type filter hook prerouting priority filter; policy accept;"),
                nft("c", 3, "type nat hook postrouting priority srcnat; policy accept;"),
            ]
        }
        #expect(!alone.assumptions().contains { $0.code == .hookOrder })
        #expect(made(alone, beforeLegacy: 0) == ["a", "b", "c", "filter"])

        let shared = host {
            $0.iptables = [legacy("filter"), legacy("nat")]
            $0.nftables = [
                nft("a", 1, "type filter hook output priority -10; policy accept;"),
                nft("b", 2, "type filter hook forward priority filter; policy accept;"),
            ]
        }
        #expect(shared.assumptions().filter { $0.code == .hookOrder }.count == 1)
        #expect(made(shared) == ["a", "b", "filter", "nat"])
        #expect(made(shared, beforeLegacy: 0) == ["a", "filter", "b", "nat"])

        let between = host {
            $0.iptables = [legacy("filter")]
            $0.nftables = ["a", "b", "c"].enumerated().map {
                nft($1, UInt64($0), "type filter hook input priority filter; policy accept;")
            }
        }
        #expect(TwinScript.counts(between) == 0..<3)
        #expect(made(between, beforeLegacy: 1) == ["a", "filter", "b", "c"])
    }

    @Test("takes the order of a legacy table from the kernel's list")
    func toldOrder() throws {
        // What is called first was registered last.
        let hooks = [
            #"{"family":"ip","hook":"forward","priority":0,"chain":"inet b c"}"#,
            #"{"family":"ip","hook":"forward","priority":0,"function":"ipt_do_table","module":"ip_tables"}"#,
            #"{"family":"ip","hook":"forward","priority":0,"chain":"inet a c"}"#,
        ]
        let snapshot = try host {
            $0.hooks = try hooks.map { try tree($0) }
            $0.iptables = [legacy("filter")]
            $0.nftables = ["a", "b"].enumerated().map {
                nft($1, UInt64($0), "type filter hook forward priority filter; policy accept;")
            }
        }
        #expect(!snapshot.assumptions().contains { $0.code == .hookOrder })
        #expect(made(snapshot) == ["a", "filter", "b"])
    }

    @Test("gives queues, classes and filters the words that tc takes")
    func trafficControl() throws {
        let snapshot = try host {
            // As Linux 6.18 and iproute2 6.1 tell them; the class of the leaf comes before the one above it.
            $0.queues = [
                try tree(#"{"kind":"bfifo","handle":"10:","dev":"v0","parent":"1:10","options":{"limit":2000}}"#),
                try tree(
                    #"{"kind":"htb","handle":"1:","dev":"v0","root":true,"options":{"r2q":10,"default":"0x10","ver":"3.17","direct_qlen":1000}}"#
                ),
                try tree(#"{"kind":"clsact","handle":"ffff:","dev":"v0","parent":"ffff:fff1"}"#),
                try tree(
                    #"{"dev":"v0","class":"htb","handle":"1:10","parent":"1:1","options":["prio","3","rate","10Kbit"]}"#
                ),
                try tree(#"{"dev":"v0","class":"htb","handle":"1:1","options":["rate","1Mbit","ceil","2Mbit"]}"#),
                try tree(
                    #"{"kind":"netem","handle":"7:","dev":"v1","root":true,"options":{"limit":1000,"delay":{"delay":0.01,"jitter":0.002,"correlation":0.25},"loss-random":{"loss":0.5,"correlation":0},"ecn":false,"gap":0}}"#
                ),
            ]
            $0.filters = [
                try tree(#"{"dev":"v0","parent":"1:","protocol":"ip","pref":5,"kind":"u32","chain":0,"attach":"1:"}"#),
                try tree(
                    #"{"dev":"v0","parent":"1:","protocol":"ip","pref":5,"kind":"u32","chain":0,"attach":"1:","options":{"fh":"800:","ht_divisor":1}}"#
                ),
                try tree(
                    #"{"dev":"v0","parent":"1:","protocol":"ip","pref":5,"kind":"u32","chain":0,"attach":"1:","options":{"fh":"800::800","order":2048,"key_ht":"800","bkt":"0","flowid":"1:10","not_in_hw":true,"match":{"value":"a000001","mask":"ffffffff","offmask":"","off":16},"match":{"value":"50","mask":"ffff","offmask":"nexthdr+","off":0}}}"#
                ),
                try tree(
                    #"{"dev":"v0","protocol":"ip","pref":49152,"kind":"bpf","chain":0,"attach":"ingress","options":{"handle":"0x1","direct-action":true,"not_in_hw":true,"bytecode":{"length":1,"insns":[{"code":6,"jt":0,"jf":0,"k":2}]}}}"#
                ),
                try tree(
                    #"{"dev":"v0","protocol":"all","pref":7,"kind":"matchall","chain":0,"attach":"egress","options":{"handle":"0x1","actions":[{"order":1,"kind":"mirred","mirred_action":"redirect","direction":"egress","to_dev":"v1","control_action":{"type":"stolen"}}]}}"#
                ),
                try tree(#"{"dev":"v0","protocol":"ip","pref":8,"kind":"cgroup","chain":0,"attach":"egress"}"#),
            ]
        }
        let made = lines(snapshot).filter {
            $0.hasPrefix("qdisc ") || $0.hasPrefix("class ") || $0.hasPrefix("filter ")
        }
        #expect(
            made == [
                "qdisc add dev v0 root handle 1: htb r2q 10 default 0x10 direct_qlen 1000",
                "qdisc add dev v0 clsact",
                "qdisc add dev v1 root handle 7: netem limit 1000 delay 10000000ns 2000000ns 25.0% loss random 50.0%",
                "class add dev v0 parent 1: classid 1:1 htb rate 1Mbit ceil 2Mbit",
                "class add dev v0 parent 1:1 classid 1:10 htb prio 3 rate 10Kbit",
                "qdisc replace dev v0 parent 1:10 handle 10: bfifo limit 2000",
                "filter add dev v0 parent 1: protocol ip pref 5 u32 match u32 0xa000001 0xffffffff at 16 match u32 0x50 0xffff at nexthdr+0 classid 1:10",
                "filter add dev v0 ingress protocol ip pref 49152 handle 0x1 bpf bytecode \"1,6 0 0 2\" direct-action",
                "filter add dev v0 egress protocol all pref 7 handle 0x1 matchall action mirred egress redirect dev v1",
            ])
        let told = TwinScript(snapshot).assumptions.filter { $0.code == .notRebuilt }.map(\.text)
        #expect(told == ["the filter cgroup of v0 is not rebuilt: it lets every packet pass"])
    }

    @Test("fills sockets before anything else is built, holds ports, and lets packets wait")
    func sockets() throws {
        let address = try #require(IPAddress("198.51.100.1"))
        var full = Listener(protocol: .tcp, address: address, port: 8080, receiveQueue: 3)
        full.backlog = 2
        var signed = Listener(protocol: .tcp, address: IPAddress(ipv4: 0), port: 179)
        signed.signedPeers = [try #require(IPPrefix("203.0.113.2/32"))]
        var connected = Listener(protocol: .udp, address: IPAddress(ipv4: 0), port: 5000)
        connected.peer = Listener.Peer(try #require(IPAddress("203.0.113.9")), port: 5001)
        let snapshot = try host {
            $0.links = [
                try tree(#"{"ifindex":2,"ifname":"v0","mtu":1500,"link_type":"ether","address":"02:00:00:00:00:01"}"#)
            ]
            $0.sockets = [full, signed, connected]
            $0.connected = [ConnectedSocket(.tcp, local: address, 40000, remote: address, 80)]
            // Three packets of 942 bytes; one such passes before the first one waits.
            $0.queues = [
                try tree(
                    #"{"kind":"tbf","handle":"1:","dev":"v0","root":true,"options":{"rate":12,"burst":"1599b/1","limit":3000},"backlog_bytes":2826,"backlog_packets":3}"#
                )
            ]
        }
        let made = lines(snapshot)
        let filled = try #require(made.firstIndex(of: "tcp 198.51.100.1 8080 - 0 0 - 0 full:2:3:0"))
        let raised = try #require(made.firstIndex(of: "addr add 198.51.100.1/32 dev lo"))
        let lowered = try #require(made.firstIndex(of: "addr del 198.51.100.1/32 dev lo"))
        let link = try #require(made.firstIndex { $0.hasPrefix("link add v0") })
        #expect(raised < filled && filled < lowered && lowered < link)
        #expect(made.contains("tcp 0.0.0.0 179 - 0 0 - 0 served"))
        #expect(made.contains("udp 0.0.0.0 5000 - 0 0 203.0.113.9 5001 served"))
        #expect(
            made.contains(
                "# Port 179 asks no signatures (TCP MD5) here; there segments of 203.0.113.2/32 must bear one. Passwords are not read."
            ))
        #expect(made.contains("tcp 198.51.100.1 40000 198.51.100.1 80"))
        #expect(made.contains("v0 02:00:00:00:00:01 942 4"))
        let parted = TwinScript(snapshot, options: TwinScript.Options(makesSandbox: false, opensSockets: false))
        #expect(parted.beginning?.hasSuffix("addr add 198.51.100.1/32 dev lo\nEND\n") == true)
        #expect(!parted.text.contains("addr add 198.51.100.1/32 dev lo"))
        #expect(parted.text.contains("addr del 198.51.100.1/32 dev lo"))
        var roomy = snapshot
        roomy.namespaces[0].sockets = [signed]
        #expect(TwinScript(roomy, options: TwinScript.Options(opensSockets: false)).beginning == nil)
    }

    @Test("gives a bucket the size of which tc prints the one that was read")
    func sizes() {
        // What Linux 6.18 prints for the sizes on the right, at 12 and 125000 bytes a second.
        #expect(QueueWords.unrounded("1599b/1", rate: 12) == "1600b/1")
        #expect(QueueWords.unrounded("1598b/1", rate: 12) == "1599b/1")
        #expect(QueueWords.unrounded("1000b/1", rate: 125_000) == "1000b/1")
    }

    @Test("disables a port only where somebody did")
    func portStates() throws {
        let snapshot = try host {
            $0.links = try ["UP", "LOWERLAYERDOWN"].enumerated().map { number, state in
                try tree(
                    #"{"ifname":"v\#(number)","ifindex":\#(number + 2),"flags":["UP","LOWER_UP"],"operstate":"\#(state)","link_type":"ether","master":"br0","linkinfo":{"info_kind":"veth","info_slave_kind":"bridge","info_slave_data":{"state":"disabled"}}}"#
                )
            }
        }
        #expect(lines(snapshot).filter { $0.contains(" state ") } == ["link set dev v0 state 0"])
    }

    @Test("gives a connection its translation as such")
    func connection() throws {
        let address = { (text: String) in try #require(IPAddress(text)) }
        let entry = ConntrackEntry(
            ipProtocol: .udp,
            original: .init(
                source: try address("192.0.2.99"), destination: try address("10.2.0.2"), sourcePort: 5000,
                destinationPort: 53),
            reply: .init(
                source: try address("10.2.0.2"), destination: try address("203.0.113.2"), sourcePort: 53,
                destinationPort: 6000), timeout: 29, mark: 66)
        #expect(
            entry.arguments
                == "-p udp -s 192.0.2.99 -d 10.2.0.2 --sport 5000 --dport 53 --src-nat 203.0.113.2:6000 -t 29 -m 66")
    }

    /// What a file from a stranger may hold in any place.
    private static let hostile = [
        "a|;s|.*|id>F|e;#", "1\r\nEND", "x\nEND\ntouch F", "$(touch F)", "`touch F`", "'; touch F; '",
        "\"; touch F; \"",
        "END", "-rf", "a b", "uplink #2", "../../etc", "\r", "",
    ]

    @Test("runs no word of a snapshot as a command, whatever it holds")
    func hostileWords() throws {
        for word in Self.hostile {
            let quotedWord = JSONTree.string(word).compact
            var snapshot = try host { namespace in
                namespace.links = [
                    try tree(
                        #"{"ifindex":2,"ifname":\#(quotedWord),"ifalias":\#(quotedWord),"mtu":1500,"link_type":"ether"}"#
                    )
                ]
                namespace.addresses = [
                    try tree(#"{"ifname":\#(quotedWord),"family":"inet","local":\#(quotedWord),"prefixlen":24}"#)
                ]
                namespace.routes.ipv4 = [
                    try tree(
                        #"{"type":\#(quotedWord),"dst":\#(quotedWord),"gateway":\#(quotedWord),"dev":\#(quotedWord)}"#)
                ]
                namespace.neighbours = [
                    try tree(#"{"dst":\#(quotedWord),"dev":\#(quotedWord),"lladdr":\#(quotedWord),"state":["STALE"]}"#)
                ]
                namespace.links += [
                    try tree(
                        #"{"ifname":"br","operstate":"UP","linkinfo":{"info_kind":"bridge","info_data":{"mcast_snooping":1,"stp_state":1}}}"#
                    ),
                    try tree(
                        #"{"ifname":\#(quotedWord),"flags":["UP"],"operstate":"UP","mtu":9,"master":"br","linkinfo":{"info_slave_kind":"bridge","info_slave_data":{"state":\#(quotedWord)}}}"#
                    ),
                ]
                namespace.mdb = [try tree(#"{"dev":\#(quotedWord),"port":\#(quotedWord),"grp":\#(quotedWord)}"#)]
                namespace.addresses += ["x", word].map { device in
                    JSONTree(members: [
                        "ifname": .string(device), "family": .string("inet6"), "local": .string(word),
                        "prefixlen": .integer(64), "dadfailed": .bool(device != "x"),
                    ])
                }
                namespace.queues = [
                    try tree(
                        #"{"dev":\#(quotedWord),"kind":"htb","handle":\#(quotedWord),"root":true,"options":{"default":\#(quotedWord)}}"#
                    ),
                    try tree(
                        #"{"dev":\#(quotedWord),"class":"htb","handle":\#(quotedWord),"parent":\#(quotedWord),"options":["rate",\#(quotedWord)]}"#
                    ),
                ]
                namespace.filters = [
                    try tree(
                        #"{"dev":\#(quotedWord),"kind":"matchall","parent":\#(quotedWord),"protocol":\#(quotedWord),"options":{"flowid":\#(quotedWord)}}"#
                    )
                ]
                namespace.sysctls = ["net.ipv4.ip_forward": word, word: "1", "kernel.core_pattern": "x"]
                namespace.nftables = [
                    .init(family: .inet, name: word, handle: 1, text: "table inet t {\n\(word)\n}\n")
                ]
                namespace.ipsets = "create \(word) hash:ip\n"
            }
            snapshot.namespaces.append(NamespaceSnapshot(name: word, inode: 2))
            let made = lines(snapshot)
            #expect(made.allSatisfy { !$0.utf8.contains(10) }, "\(word.debugDescription)")
            #expect(!made.contains { $0.hasPrefix("kernel.") })
            for line in Self.commands(made) {
                #expect(Self.isOwn(line), "\(word.debugDescription): \(line)")
            }
            let script = TwinScript(snapshot).text
            let checked = try Command(["sh", "-n", "/proc/self/fd/0"]).run(input: Array(script.utf8))
            #expect(checked.status == 0, "\(word.debugDescription): \(checked.errorText)")
        }
    }

    /// The lines that a shell reads as commands: those outside the texts that are fed.
    private static func commands(_ lines: [String]) -> [String] {
        var found: [String] = []
        var end: String?
        for line in lines {
            if let mark = end {
                if line == mark { end = nil }
                continue
            }
            found.append(line)
            let mark = line.split(separator: " ").last ?? ""
            if mark.hasPrefix("<<'"), mark.hasSuffix("'") { end = String(mark.dropFirst(3).dropLast()) }
        }
        #expect(end == nil)
        return found
    }

    private static func isOwn(_ line: String) -> Bool {
        let functions = [
            "ip_batch", "ip4_batch", "ip6_batch", "bridge_batch", "tc_batch", "settings", "nft_rules", "nft_lines",
            "iptables_nft", "ip6tables_nft", "iptables_legacy", "ip6tables_legacy", "ipsets", "connections", "sockets",
            "settled", "alone", "up_for_good", "forget_groups", "collisions", "used", "held_ports",
            "waiting_packets", "ip netns attach packetwalk-home",
            "ip netns delete packetwalk-home",
        ]
        return line.isEmpty || line.hasPrefix("#") || functions.contains { line == $0 || line.hasPrefix("\($0) ") }
    }
}
