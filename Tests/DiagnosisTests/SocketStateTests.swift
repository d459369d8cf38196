import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// What sockets are bound to, and what waits in them.
@Suite("Sockets")
struct SocketStateTests {
    var network = BaseNetwork()

    private mutating func listen(_ listeners: Listener..., in name: String = "wan") {
        network.change(name) { $0.listeners = listeners }
    }

    private func server(_ address: IPAddress = "0.0.0.0", protocol name: TransportProtocol = .tcp) -> Listener {
        Listener(protocol: name, address: address, port: 80, process: "httpd", inode: 7)
    }

    private func findings(_ walk: Walk, reply: Walk? = nil, _ failure: SendFailure? = nil) -> [Finding] {
        var context = DiagnosisContext(topology: network.topology)
        context.sendFailures = failure.map { [$0] } ?? []
        return Diagnosis.findings(for: walk, reply: reply, context: context).findings
    }

    private var silent: Walk { Probe.tcp(80, to: "198.51.100.1").walk(.delivered, through: toWan) }

    private func refused(_ probe: Probe = .tcp(80, to: "198.51.100.1")) -> (Walk, Walk) {
        let reset = probe.refusal
        return (
            probe.walk(.delivered, through: toWan),
            reset.walk(.delivered, through: [.sent("wan"), .into("mynamespace", "veth1")], answers: "x")
        )
    }

    @Test("one more connection waits than the backlog says: the queue is full")
    mutating func full() {
        var listener = server()
        listener.receiveQueue = 3
        listener.backlog = 2
        listen(listener)
        let first = findings(silent).first
        #expect(first?.code == "accept-queue-full")
        #expect(first?.severity == .error)
        #expect(first?.where.namespace == "wan")
        #expect(first?.remedy == nil)
    }

    @Test("as many as the backlog says still take one more; a recording without the backlog says nothing")
    mutating func notFull() {
        var listener = server()
        listener.receiveQueue = 2
        listener.backlog = 2
        listen(listener)
        #expect(findings(silent).first?.code != "accept-queue-full")
        listener.receiveQueue = 3
        listener.backlog = nil
        listen(listener)
        #expect(findings(silent).first?.code != "accept-queue-full")
    }

    @Test("a port that is published for IPv4 only, asked by IPv6")
    mutating func otherFamily() {
        network.change("host", link: "eth0") { $0.addresses.append(prefix("2001:db8:113::2/64")) }
        network.add(
            iptables(
                "nat", "PREROUTING", rules: ["-p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]))
        listen(server("127.0.0.1"), in: "host")
        let probe = Probe.tcp(8080, to: "2001:db8:113::2", from: "2001:db8:113::1")
        var reset = probe.reply
        reset.kind = .tcp(flags: [.rst, .ack])
        let way: [Sight] = [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")]
        let first = findings(
            probe.walk(.delivered, through: way),
            reply: reset.walk(.delivered, through: [.sent("host"), .into("wan", "wan0")], answers: "x")
        ).first
        #expect(first?.code == "no-listener")
        #expect(
            first?.message.contains("iptables nat PREROUTING 1 publishes that port for IPv4 only, as 203.0.113.2:8080")
                == true)
    }

    @Test("bound to a device: what comes in by another is not for it")
    mutating func device() {
        var listener = server()
        listener.device = "eth1"
        listen(listener)
        let (walk, reply) = refused()
        let first = findings(walk, reply: reply).first
        #expect(first?.code == "listener-elsewhere")
        #expect(first?.message.contains("bound to eth1 only") == true)
        listener.device = "wan0"
        listen(listener)
        #expect(findings(walk, reply: reply).first?.message.contains("bound to") != true)
    }

    @Test("V6ONLY: an IPv6 socket on :: takes no IPv4, and without the option it does")
    mutating func v6only() {
        var listener = server("::")
        listener.isIPv6Only = true
        listen(listener)
        let (walk, reply) = refused()
        let first = findings(walk, reply: reply).first
        #expect(first?.code == "listener-elsewhere")
        #expect(first?.message.contains("IPV6_V6ONLY") == true)
        listener.isIPv6Only = false
        #expect(listener.takes("198.51.100.1"))
    }

    @Test("refused although somebody listens: that is said as it is, and not as certain")
    mutating func refusedNevertheless() {
        listen(server())
        let (walk, reply) = refused()
        let first = findings(walk, reply: reply).first
        #expect(first?.code == "no-listener")
        #expect(first?.severity == .warning)
        #expect(first?.message.contains("httpd tcp 0.0.0.0:80 listens on that port now") == true)
    }

    @Test("a stopped process answers no datagram, and a running one is not blamed", arguments: [true, false])
    mutating func stopped(isStopped: Bool) {
        var listener = server(protocol: "udp")
        if isStopped { listener.isStopped = true }
        listen(listener)
        let found = findings(Probe.udp(80, to: "198.51.100.1").walk(.delivered, through: toWan))
        #expect((found.first?.code == "process-stopped") == isStopped)
    }

    @Test(
        "a connection that is accepted for a stopped process is told of, though it was answered",
        arguments: [true, false])
    mutating func accepted(isStopped: Bool) {
        var listener = server()
        if isStopped { listener.isStopped = true }
        listen(listener)
        let probe = Probe.tcp(80, to: "198.51.100.1")
        let request = probe.walk(.delivered, through: toWan)
        var accepted = probe.reply
        accepted.kind = .tcp(flags: [.syn, .ack])
        let reply = accepted.walk(
            .delivered, through: [.sent("wan"), .into("mynamespace", "veth1")], answers: request.id)
        let first = findings(request, reply: reply).first
        #expect((first?.code == "process-stopped") == isStopped)
        if isStopped { #expect(first?.message.contains("the kernel of wan accepts the connection") == true) }
    }

    private func connected(to peer: IPAddress, _ port: UInt16) -> Listener {
        var listener = server(protocol: "udp")
        listener.peer = Listener.Peer(peer, port: port)
        return listener
    }

    @Test("a socket that is connected takes from its peer alone")
    mutating func connectedElsewhere() {
        let socket = connected(to: "203.0.113.9", 5000)
        network.change("wan") { $0.connectedSockets = [socket] }
        let probe = Probe.udp(80, to: "198.51.100.1")
        let refusal = probe.refusal
        let first =
            findings(
                probe.walk(.delivered, through: toWan),
                reply: refusal.walk(.delivered, through: [.sent("wan"), .into("mynamespace", "veth1")], answers: "x")
            ).first ?? findings(probe.walk(.delivered, through: toWan)).first
        #expect(first?.code == "listener-elsewhere")
        #expect(first?.message.contains("is connected to 203.0.113.9:5000") == true)
    }

    @Test("what comes from the peer is taken; one that takes from anyone takes the rest")
    mutating func connectedHere() {
        let probe = Probe.udp(80, to: "198.51.100.1")
        let walk = probe.walk(.delivered, through: toWan)
        let arrived = walk.hops.last
        let peer = connected(to: arrived?.packet.source ?? "0.0.0.0", arrived?.packet.sourcePort ?? 0)
        network.change("wan") { $0.connectedSockets = [peer] }
        #expect(findings(walk).first?.code != "listener-elsewhere")
        #expect(findings(walk).first?.code != "no-listener")
        let (other, anyone) = (connected(to: "203.0.113.9", 5000), server(protocol: "udp"))
        network.change("wan") { $0.connectedSockets = [other] }
        listen(anyone)
        #expect(findings(walk).first?.code != "listener-elsewhere")
    }

    @Test("a peer in IPv4 of an IPv6 socket is an IPv4 address")
    func mapped() {
        #expect(Listener.Peer("::ffff:192.0.2.1", port: 53).address == "192.0.2.1")
        #expect(Listener.Peer("2001:db8::1", port: 53).address == "2001:db8::1")
    }

    private func noPort(_ number: Int32) -> SendFailure {
        SendFailure(
            timeNanoseconds: 0, namespace: "mynamespace",
            tuple: FlowTuple(
                source: "0.0.0.0", destination: "198.51.100.1", sourcePort: 0, destinationPort: 80, ipProtocol: .tcp),
            errorNumber: number, message: "Cannot assign requested address")
    }

    @Test("EADDRNOTAVAIL with as many sockets as ports: they are used up")
    mutating func ports() {
        network.setting("net.ipv4.ip_local_port_range", "40000\t40001", in: "mynamespace")
        network.change("mynamespace") { $0.socketUse = SocketUse(tcp: 1, timeWait: 1, udp: 0) }
        var probe = Probe.tcp(80, to: "198.51.100.1")
        probe.source = "0.0.0.0"
        let first = findings(probe.walk(.unsent), noPort(99)).first
        #expect(first?.code == "local-ports-exhausted")
        #expect(first?.severity == .error)
        #expect(first?.remedy?.commands.first?.contains("32768 60999") == true)
        // With a port to spare it is a possibility.
        network.change("mynamespace") { $0.socketUse = SocketUse(tcp: 1, timeWait: 0, udp: 0) }
        #expect(findings(probe.walk(.unsent), noPort(99)).first?.severity == .warning)
        #expect(findings(probe.walk(.unsent), noPort(101)).first?.code != "local-ports-exhausted")
    }

    @Test("all ports of a range as wide as the default are used up: that is the program's affair")
    mutating func wideRange() {
        network.setting("net.ipv4.ip_local_port_range", "1024\t65535", in: "mynamespace")
        network.change("mynamespace") { $0.socketUse = SocketUse(tcp: 512, timeWait: 64_000, udp: 0) }
        var probe = Probe.tcp(80, to: "198.51.100.1")
        probe.source = "0.0.0.0"
        let first = findings(probe.walk(.unsent), noPort(99)).first
        #expect(first?.code == "local-ports-exhausted")
        #expect(first?.remedy == nil)
    }

    @Test("/proc/net/sockstat and sockstat6 in one")
    func sockstat() {
        let text = """
            sockets: used 290
            TCP: inuse 5 orphan 0 tw 3 alloc 9 mem 1
            UDP: inuse 2 mem 0
            RAW: inuse 0
            TCP6: inuse 4
            UDP6: inuse 1
            """
        #expect(SocketUse(parsing: text) == SocketUse(tcp: 9, timeWait: 3, udp: 3))
        #expect(SocketUse(parsing: "sockets: used 1") == nil)
    }

    @Test("a reason that explains itself is the cause, in the table's words")
    mutating func signature() {
        let stop = Stop(namespace: "wan", cause: .kernelDrop(reason: "TCP_MD5NOTFOUND", location: "tcp_v4_rcv"))
        let walk = Probe.tcp(179, to: "198.51.100.1").walk(.dropped, through: toWan, stop: stop)
        let first = findings(walk).first
        #expect(first?.code == "kernel-refusal")
        #expect(first?.severity == .error)
        #expect(first?.message.contains("requires a TCP MD5 signature") == true)
    }

    @Test("every reason that explains itself has an entry that calls it a drop")
    func table() {
        for reason in DropReason.selfExplaining {
            if reason == "TCP_REQQFULLDROP" { continue }
            #expect(reason.entry?.health == .drop, "\(reason)")
        }
    }
}
