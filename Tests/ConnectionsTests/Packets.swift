import Network
import Observations
import Wire

@testable import WalkModel

/// web (172.19.0.2) behind a router that translates it to 203.0.113.2, and wan (198.51.100.1): packets between the two, by
/// hand. Times are in microseconds.
struct Packets {
    var clientPort: UInt16? = 40_112
    var serverPort: UInt16? = 80
    var translates = true
    private var number = 0

    init(clientPort: UInt16? = 40_112, serverPort: UInt16? = 80, translates: Bool = true) {
        self.clientPort = clientPort
        self.serverPort = serverPort
        self.translates = translates
    }

    private var outside: IPAddress { translates ? "203.0.113.2" : "172.19.0.2" }

    private mutating func walk(
        _ kind: PacketKind, _ at: Int64, takes: Int64, hops: [Hop], outcome: Walk.Outcome, answers: String?
    ) -> Walk {
        number += 1
        let digits = String(number, radix: 16)
        let id = String(repeating: "0", count: 32 - digits.count) + digits
        let first = hops[0].packet
        return Walk(
            id: id, answers: answers, host: "box", kind: kind, source: first.source, destination: first.destination,
            sourcePort: first.sourcePort, destinationPort: first.destinationPort, startNanoseconds: at * 1000,
            durationNanoseconds: takes * 1000, outcome: outcome, hops: hops)
    }

    /// From web to wan.
    mutating func there(
        _ kind: PacketKind, at: Int64, takes: Int64 = 50, sequence: UInt32? = nil, outcome: Walk.Outcome = .delivered,
        answers: String? = nil, length: UInt32 = 84
    ) -> Walk {
        func packet(_ source: IPAddress) -> Hop.Packet {
            Hop.Packet(
                source: source, destination: "198.51.100.1", sourcePort: clientPort, destinationPort: serverPort,
                ttl: 64,
                length: length)
        }
        var hops = [
            Hop(
                index: 0, namespace: "web", device: "eth0", vantage: .link, direction: .out,
                packet: packet("172.19.0.2"))
        ]
        if outcome == .delivered || outcome == .left {
            var out = Hop(
                index: 1, parent: 0, namespace: "host", vantage: .netfilter, hook: .postrouting,
                packet: packet(outside))
            if translates { out.changes = [.source(from: "172.19.0.2", to: outside)] }
            hops.append(out)
            if outcome == .delivered {
                hops.append(
                    Hop(
                        index: 2, parent: 1, namespace: "wan", device: "wan0", vantage: .link, direction: .in,
                        packet: packet(outside)))
            }
        }
        var walk = walk(kind, at, takes: takes, hops: hops, outcome: outcome, answers: answers)
        walk.witness.tcpSequence = sequence
        if outcome == .dropped {
            walk.stoppedAt = Stop(namespace: "host", vantage: .netfilter, hook: .forward)
            walk.findings = [Self.ruleDrop]
        }
        return walk
    }

    /// From wan to web: what it sends is addressed to the translated address.
    mutating func back(
        _ kind: PacketKind, at: Int64, takes: Int64 = 50, sequence: UInt32? = nil, outcome: Walk.Outcome = .delivered,
        answers: String? = nil, length: UInt32 = 84
    ) -> Walk {
        func packet(_ destination: IPAddress) -> Hop.Packet {
            Hop.Packet(
                source: "198.51.100.1", destination: destination, sourcePort: serverPort, destinationPort: clientPort,
                ttl: 64, length: length)
        }
        let hops = [
            Hop(index: 0, namespace: "wan", device: "wan0", vantage: .link, direction: .out, packet: packet(outside)),
            Hop(
                index: 1, parent: 0, namespace: "web", device: "eth0", vantage: .link, direction: .in,
                packet: packet("172.19.0.2")),
        ]
        var walk = walk(kind, at, takes: takes, hops: hops, outcome: outcome, answers: answers)
        walk.witness.tcpSequence = sequence
        return walk
    }

    static let ruleDrop = Finding(
        code: "rule-drop", severity: .error, where: Finding.Place(namespace: "host", hook: .forward),
        message: "iptables filter FORWARD 1 in host drops it")

    /// An HTTP request over a connection that the server closes: 100 bytes there, 3000 back in three segments, of which
    /// the second is sent twice.
    mutating func download(at start: Int64 = 0) -> [Exchange] {
        let syn = there(.tcp(flags: .syn), at: start, sequence: 1000)
        let synAck = back(.tcp(flags: [.syn, .ack]), at: start + 100, sequence: 5000, answers: syn.id)
        let ack = there(.tcp(flags: .ack), at: start + 200, sequence: 1001, answers: synAck.id)
        let request = there(.tcp(flags: [.psh, .ack], payloadLength: 100), at: start + 300, sequence: 1001)
        let requestAck = back(.tcp(flags: .ack), at: start + 400, sequence: 5001, answers: request.id)
        let first = back(.tcp(flags: .ack, payloadLength: 1000), at: start + 500, sequence: 5001)
        let second = back(.tcp(flags: .ack, payloadLength: 1000), at: start + 600, sequence: 6001)
        let third = back(.tcp(flags: .ack, payloadLength: 1000), at: start + 700, sequence: 7001)
        let again = back(.tcp(flags: .ack, payloadLength: 1000), at: start + 800, sequence: 6001)
        let fin = back(.tcp(flags: [.fin, .ack]), at: start + 900, sequence: 8001)
        let finAck = there(.tcp(flags: [.fin, .ack]), at: start + 1000, sequence: 1101, answers: fin.id)
        let last = back(.tcp(flags: .ack), at: start + 1100, sequence: 8002, answers: finAck.id)
        return [
            Exchange(request: syn, reply: synAck), Exchange(request: ack),
            Exchange(request: request, reply: requestAck),
            Exchange(request: first), Exchange(request: second), Exchange(request: third), Exchange(request: again),
            Exchange(request: fin, reply: finAck), Exchange(request: last),
        ]
    }

    /// One echo request each millisecond; those whose numbers are in `lost` are dropped.
    mutating func pings(_ count: Int, lost: Set<Int> = []) -> [Exchange] {
        (0..<count).map { index in
            let sequence = UInt16(index + 1)
            let isLost = lost.contains(index)
            let at = Int64(index) * 1000
            let request = there(
                .icmp(.echoRequest(identifier: 5001, sequence: sequence)), at: at,
                outcome: isLost ? .dropped : .delivered)
            if isLost { return Exchange(request: request) }
            // Replies after 100, 110, 120, … microseconds.
            let reply = back(
                .icmp(.echoReply(identifier: 5001, sequence: sequence)), at: at + 50 + Int64(index) * 10,
                answers: request.id)
            return Exchange(request: request, reply: reply)
        }
    }

    static func echo() -> Packets { Packets(clientPort: nil, serverPort: nil) }
}
