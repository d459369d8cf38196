import LinuxSystem
import Network
import Probes
import Snapshot
import Testing
import Twin
import Wire

@testable import Experiment

/// What changes open and close in a network of three namespaces behind one that forwards:
///
///     web 10.1.0.2 ── host ── db 10.2.0.2, where TCP 80 and 5432 are listened at
///                      └───── app 10.3.0.2
///
/// and the same with fd01::, fd02::, fd03::. The host forwards what comes from web, and all of IPv6.
@Suite("Side effects of a change", .enabled(if: SandboxShell.isAvailable), .serialized)
struct SideEffectTests {
    private struct Network {
        var snapshot: HostSnapshot
        var topology: Topology
    }

    private static let places = [("web", 1), ("db", 2), ("app", 3)]

    private static let setup = """
        sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
        for place in web:1 db:2 app:3; do
            name=${place%:*}; number=${place#*:}
            ip netns add $name
            ip link add to-$name type veth peer name eth0 netns $name
            ip link set to-$name up
            ip addr add 10.$number.0.1/24 dev to-$name
            ip addr add fd0$number::1/64 dev to-$name nodad
            ip -n $name link set lo up
            ip -n $name link set eth0 up
            ip -n $name addr add 10.$number.0.2/24 dev eth0
            ip -n $name addr add fd0$number::2/64 dev eth0 nodad
            ip -n $name route add default via 10.$number.0.1
            ip -n $name -6 route add default via fd0$number::1
        done
        iptables -P FORWARD DROP
        iptables -A FORWARD -s 10.1.0.0/24 -j ACCEPT
        iptables -A FORWARD -d 10.1.0.0/24 -m conntrack --ctstate ESTABLISHED -j ACCEPT
        ip netns exec db /usr/bin/python3 -c '
        import socket, time
        kept = []
        for port in (80, 5432):
            s = socket.socket(socket.AF_INET6); s.bind(("::", port)); s.listen(7); kept.append(s)
        open("/run/ready", "w")
        time.sleep(60)' &
        until_true 100 test -e /run/ready
        ip netns exec web /usr/bin/python3 -c '
        import socket, time
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("10.1.0.2", 4000))
        u.sendto(b"x", ("10.2.0.2", 9999))
        s = socket.socket(); s.bind(("10.1.0.2", 4001)); s.connect(("10.2.0.2", 80))
        open("/run/open", "w")
        time.sleep(60)' &
        until_true 100 test -e /run/open

        """

    /// Made once: a snapshot does not change.
    private static let network = Result { try network(of: ["host", "web", "db", "app"]) }
    /// The same where a packet can't meet app, so that only its link is rebuilt.
    private static let part = Result { try network(of: ["host", "web", "db"]) }

    private static func network(of names: [String]) throws -> Network {
        let places = names.map { "--in \($0)" }.joined(separator: " ")
        let shell = try SandboxShell("set -e\n\(setup)\n$P snapshot -o /run/s.json \(places) && cat /run/s.json\n")
        try #require(shell.status == 0, "\(shell.errorText)")
        let snapshot = try HostSnapshot(document: Array(shell.text.utf8))
        func link(_ name: String, _ number: Int, _ host: Int) throws -> Link {
            var link = Link(name: name, index: 2, kind: .veth)
            link.isUp = true
            link.addresses = [
                try #require(IPPrefix("10.\(number).0.\(host)/24")), try #require(IPPrefix("fd0\(number)::\(host)/64")),
            ]
            return link
        }
        let host = Namespace(
            name: "host", inode: 1, path: "/proc/self/ns/net",
            links: try Self.places.map { name, number in
                var link = try link("to-\(name)", number, 1)
                link.peer = Link.Peer(namespace: name, device: "eth0")
                return link
            })
        let others = try Self.places.map { name, number in
            var namespace = Namespace(
                name: name, inode: UInt64(number) + 1, path: "/run/netns/\(name)", links: [try link("eth0", number, 2)])
            if name == "db" {
                namespace.listeners = [80, 5432].map {
                    Listener(protocol: .tcp, address: IPAddress(high: 0, low: 0), port: $0)
                }
            }
            return namespace
        }
        return Network(snapshot: snapshot, topology: Topology(host: "h", time: "", namespaces: [host] + others))
    }

    private static func effects(_ commands: [String], isWhole: Bool = true) throws -> SideEffects {
        let network = try isWhole ? network.get() : part.get()
        let trial = Trial(snapshot: network.snapshot, program: LabRun.program)
        var rebuilt = network.topology
        rebuilt.namespaces.removeAll { network.snapshot[namespace: $0.name] == nil }
        let kinds = ProbeKinds(
            topology: rebuilt, whole: network.topology, snapshot: network.snapshot,
            request: PacketRequest(kind: .tcp(5432), destination: "10.2.0.2"), from: "app", commands: commands,
            outsides: trial.outsides)
        return SideEffects(trials: trial, kinds: kinds)
    }

    @Test("a change that lets a packet arrive and not its answer opens that")
    func unanswered() throws {
        // The answer comes from 10.2.0.2, which the host does not forward. The packet that the change is for is left out.
        let change = "iptables -I FORWARD -s 10.3.0.0/24 -p tcp --dport 80 -j ACCEPT"
        let found = try Self.effects([change]).found([TrialChange(change)])
        #expect(
            found.opens == ["app to 10.1.0.2: tcp 80", "app to 10.2.0.2: tcp 80 (arrives, and is not answered)"])
        #expect(found.closes == [])
    }

    @Test("a change that stops something closes it")
    func closing() throws {
        let change = "iptables -I FORWARD -s 10.1.0.2 -d 10.2.0.0/24 -p icmp -j DROP"
        let found = try Self.effects([change]).found([TrialChange(change)])
        #expect(found.opens == [])
        #expect(found.closes == ["web to 10.2.0.2: icmp"])
    }

    @Test("connections are accepted and then stuck: that is closed, as established")
    func established() throws {
        let change = "ip6tables -I FORWARD -p tcp --tcp-flags PSH PSH -j DROP"
        let found = try Self.effects([change]).found([TrialChange(change)])
        #expect(found.opens == [])
        #expect(found.closes == ["app, web to fd02::2: established tcp 80, 5432"])
    }

    @Test("a packet that goes to another receiver is told")
    func elsewhere() throws {
        let change = "iptables -t nat -A PREROUTING -d 10.3.0.2 -p udp --dport 53 -j DNAT --to-destination 10.2.0.2"
        let found = try Self.effects([change]).found([TrialChange(change)])
        #expect(found.opens == ["web to 10.3.0.2: udp 53 (arrives at db instead of app)"])
        #expect(found.closes == [])
    }

    @Test("of changes that do the same the one that opens least comes first, one that can't be made last")
    func ranking() throws {
        let commands = [
            "iptables -P FORWARD ACCEPT", "iptables -I FORWARD 1 -j NOSUCH",
            "iptables -I FORWARD -s 10.3.0.2 -d 10.2.0.2 -p tcp --dport 5432 -j ACCEPT",
            "iptables -I FORWARD -s 10.3.0.0/24 -p tcp -j ACCEPT",
        ]
        let ranked = try Self.effects(commands).ranked(commands.map { [TrialChange($0)] })
        #expect(ranked.map(\.index) == [2, 3, 0, 1])
        #expect(ranked[0].found?.opens == [])
        #expect(ranked[3].found == nil)
    }

    @Test("without a change nothing differs, of a thousand kinds of packet")
    func nothing() throws {
        let words = (1...16).map { "--dport \(1000 * $0)" }.joined(separator: " ")
        for _ in 0..<3 {
            let found = try Self.effects([words]).found([])
            #expect(found.tried == 1000)
            #expect(found.opens == [])
            #expect(found.closes == [])
        }
    }

    @Test("a namespace that is not rebuilt sends too, and takes what comes to it")
    func neighbour() throws {
        let change = "ip6tables -A FORWARD -s fd03::/64 -j DROP"
        let effects = try Self.effects([change], isWhole: false)
        let closing = try effects.found([TrialChange(change)])
        #expect(closing.opens == [])
        #expect(closing.closes == ["app to fd01::2, fd02::2: anything"])
        let opening = try effects.found(["iptables -I FORWARD -s 10.2.0.2 -p icmp -j ACCEPT"])
        #expect(opening.opens.contains("db to 10.1.0.2, 10.3.0.2: icmp"), "\(opening.opens)")
        let nothing = try effects.found([])
        #expect(nothing.opens == [])
        #expect(nothing.closes == [])
    }

    @Test("packets of connections that were open count by themselves")
    func openConnections() throws {
        let changes = [
            "iptables -I FORWARD -s 10.1.0.2 -p udp --sport 4000 -j DROP",
            "iptables -I FORWARD -s 10.1.0.2 -p tcp --sport 4001 -j DROP",
        ]
        let found = try Self.effects(changes).found(changes.map { TrialChange($0) })
        #expect(found.opens == [])
        #expect(found.closes == ["web to 10.2.0.2: established tcp 80; established udp 9999"])
    }
}
