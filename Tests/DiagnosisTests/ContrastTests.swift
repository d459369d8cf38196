import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A packet that arrived, and what could stop others of the same two ends.
@Suite("Of a packet that arrives")
struct ContrastTests {
    var network = BaseNetwork()

    private func found(
        _ probe: Probe = .ping, longer: Contrast.LongerPacket? = nil
    ) -> (notes: [Finding], passed: [String]) {
        Contrast(probe.walk(.delivered, through: toWan), network.topology, longer: longer).findings()
    }

    @Test("nothing is noted where nothing differs, and it is said what was looked at")
    func nothing() {
        let found = found(longer: .answered(bytes: 1500))
        #expect(found.notes.isEmpty)
        #expect(found.passed.contains { $0.contains("1500 bytes") })
        #expect(found.passed.contains { $0.contains("user, group or control group") })
        #expect(found.passed.contains { $0.contains("rate") })
    }

    @Test(
        "a rule that asks who sends",
        arguments: [
            "-m owner --uid-owner 33 -j DROP", "-m owner --gid-owner 100-200 -j REJECT",
            "-m cgroup --path system.slice/web.service -j DROP", "-p icmp -m owner --uid-owner 33 -j DROP",
        ])
    mutating func senders(rule: String) {
        network.add(iptables("filter", "OUTPUT", rules: [rule]), to: "mynamespace")
        let note = found().notes.first
        #expect(note?.severity == .info)
        #expect(note?.code == "rule-drop")
        #expect(note?.where == Finding.Place(namespace: "mynamespace", hook: .output))
        #expect(note?.message.contains("sent by root") == true)
    }

    @Test(
        "a rule that asks who sends other packets, or ends none",
        arguments: [
            "-p tcp -m owner --uid-owner 33 -j DROP", "-d 192.0.2.1 -m owner --uid-owner 33 -j DROP",
            "-m owner --uid-owner 33 -j ACCEPT", "-m limit --limit 1/sec -j LOG", "-m set --match-set bad src -j DROP",
        ])
    mutating func others(rule: String) {
        network.add(iptables("filter", "OUTPUT", rules: [rule]), to: "mynamespace")
        #expect(found().notes.isEmpty)
    }

    @Test(
        "a rate: of the rule that drops, and of the accept before a drop",
        arguments: [
            ["-m hashlimit --hashlimit-above 10/sec --hashlimit-name x -j DROP"],
            ["-m limit --limit 5/sec -j ACCEPT", "-j DROP"], ["-m recent --name x --update --seconds 60 -j DROP"],
        ])
    mutating func rates(rules: [String]) {
        network.add(iptables("filter", "FORWARD", rules: rules))
        let notes = found().notes
        #expect(notes.map(\.severity) == [.info])
        #expect(notes.first?.rule?.position == 1)
        #expect(notes.first?.message.contains("more of them") == true)
    }

    @Test("a longer echo request that met a small MTU is noted, and is no error")
    func longer() {
        var long = Probe.ping
        long.length = 1500
        var walk = long.walk(.dropped, through: toBridge)
        walk.findings = [
            Finding(
                code: "mtu-exceeded", severity: .error, where: Finding.Place(namespace: "host", device: "eth0"),
                message: "too long", checks: [Finding.Check(holds: true, text: "too long")])
        ]
        let note = found(longer: .unanswered(bytes: 1500, walk)).notes.first
        #expect(note?.code == "mtu-exceeded")
        #expect(note?.severity == .info)
        #expect(note?.message.hasSuffix(": too long") == true)
        #expect(note?.checks.contains { $0.holds == true } == false)
    }

    @Test("an echo request that is not let in at all says nothing of TCP's size")
    func filteredEcho() {
        var walk = Probe.ping.walk(.dropped, through: toBridge)
        walk.findings = [
            Finding(
                code: "rule-drop", severity: .error, where: Finding.Place(namespace: "host"), message: "drops ping")
        ]
        let found = found(.tcp(80, to: "198.51.100.1"), longer: .unanswered(bytes: 1500, walk))
        #expect(found.notes.isEmpty)
        #expect(found.passed.contains { $0.contains("is not known") })
    }

    @Test("the ICMP error that came back says that path MTU discovery works")
    func reported() {
        let found = found(longer: .reported(bytes: 1500))
        #expect(found.notes.isEmpty)
        #expect(found.passed.contains { $0.contains("path MTU discovery works") })
    }

    /// An entry of conntrack in host that was there when the run began.
    private func entry(
        _ port: UInt16, to target: IPAddress, source: IPAddress = "203.0.113.2", isReplied: Bool = true
    ) -> FlowEvent {
        FlowEvent(
            timeNanoseconds: 1_795_399_000_000_000_000, namespace: "host", change: .present,
            original: FlowTuple(
                source: "172.19.0.2", destination: "198.51.100.1", sourcePort: port, destinationPort: 80,
                ipProtocol: .tcp),
            reply: FlowTuple(
                source: target, destination: source, sourcePort: 80, destinationPort: port, ipProtocol: .tcp),
            status: isReplied ? 2 : 0)
    }

    /// A SYN that passed by MASQUERADE.
    private func compared(_ flows: [FlowEvent]) -> (notes: [Finding], passed: [String]) {
        var translated = Probe.tcp(80, to: "198.51.100.1")
        translated.source = "203.0.113.2"
        let walk = Probe.tcp(80, to: "198.51.100.1").walk(.delivered, through: toWan, changed: [4: translated])
        return Contrast(walk, network.topology, flows: flows).findings()
    }

    @Test("an older entry of the same ends that leads to an address that has gone")
    func olderConnection() {
        let note = compared([entry(5514, to: "198.51.100.9", isReplied: false)]).notes.first
        #expect(note?.code == "conntrack-stale")
        #expect(note?.severity == .info)
        #expect(
            note?.message
                == "this packet is the first of its connection; conntrack of host holds an older entry for tcp 172.19.0.2:5514 > 198.51.100.1:80, to which no reply came, which sends its packets to 198.51.100.9:80, an address that no namespace seen here has"
        )
        #expect(
            note?.remedy?.commands == [
                "conntrack -D -p tcp -s 172.19.0.2 -d 198.51.100.1 --sport 5514 --dport 80"
            ])
    }

    @Test("an older entry that gives a source which the router has no more, or leaves it as it is")
    func olderSource() {
        let gone = compared([entry(5514, to: "198.51.100.1", source: "203.0.113.7")]).notes.first
        #expect(gone?.message.contains("the source 203.0.113.7, which host does not have any more") == true)
        let kept = compared([entry(5514, to: "198.51.100.1", source: "172.19.0.2")]).notes.first
        #expect(kept?.message.contains("leaves their source 172.19.0.2 as it is") == true)
    }

    @Test("entries that are translated alike are counted, and one that has gone is not")
    func alike() {
        var gone = entry(5515, to: "198.51.100.9")
        let flows = [entry(5514, to: "198.51.100.1", isReplied: false), gone]
        gone.change = .destroy
        let found = compared(flows + [gone])
        #expect(found.notes.isEmpty)
        #expect(
            found.passed.contains(
                "no conntrack entry that was read sends these two ends elsewhere (1 looked at, 1 unreplied)"))
    }

    @Test("the other family of a receiver that both know, where its path is closed", arguments: [true, false])
    mutating func otherFamily(isClosed: Bool) {
        network.change("mynamespace", link: "veth1") { $0.addresses.append(prefix("2001:db8:19::2/64")) }
        network.change("mynamespace") {
            $0.routes.append(
                Route(destination: prefix("::/0"), gateway: address("2001:db8:19::1"), device: "veth1"))
        }
        network.change("host", link: "mybridge") { $0.addresses.append(prefix("2001:db8:19::1/64")) }
        network.change("host", link: "eth0") { $0.addresses.append(prefix("2001:db8:113::2/64")) }
        network.change("host") {
            $0.routes += [
                Route(destination: prefix("2001:db8:19::/64"), device: "mybridge"),
                Route(destination: prefix("2001:db8:51::1/128"), gateway: address("2001:db8:113::1"), device: "eth0"),
                Route(destination: prefix("2001:db8:113::/64"), device: "eth0"),
            ]
        }
        network.change("wan", link: "wan0") { $0.addresses.append(prefix("2001:db8:113::1/64")) }
        network.change("wan", link: "lo") { $0.addresses.append(prefix("2001:db8:51::1/128")) }
        if isClosed { network.add(iptables("filter", "FORWARD", family: .ip6, policy: "drop", rules: [])) }
        let notes = found().notes
        #expect(notes.map(\.code) == (isClosed ? ["policy-drop"] : []))
        #expect(notes.allSatisfy { $0.severity == .info && $0.message.contains("by IPv6, to 2001:db8:51::1 of wan") })
    }
}
