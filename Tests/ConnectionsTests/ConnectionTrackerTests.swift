import Network
import Observations
import TestSupport
import Testing
import Wire

@testable import Connections
@testable import WalkModel

/// Takes exchanges in the order given, and ends.
private func connections(_ exchanges: [Exchange], limit: Int = ConnectionTracker.standardLimit) -> [Connection] {
    var tracker = ConnectionTracker(limit: limit)
    var events: [ConnectionTracker.Event] = []
    for exchange in exchanges { events += tracker.take(exchange, topology: nil) }
    events += tracker.finish()
    return events.compactMap { if case .ended(let connection, _) = $0 { connection } else { nil } }
}

@Suite struct ConnectionTrackerTests {
    @Test func aDownloadIsOneConnection() throws {
        var packets = Packets()
        let found = connections(packets.download())
        try #require(found.count == 1)
        let connection = found[0]
        #expect(connection.kind == .tcp)
        #expect(connection.client == Connection.End(address: "172.19.0.2", port: 40_112, namespace: "web"))
        #expect(connection.server == Connection.End(address: "198.51.100.1", port: 80, namespace: "wan"))
        #expect(connection.sent == Connection.Traffic(packets: 4, bytes: 100))
        // SYN-ACK, ACK, four segments, FIN, ACK.
        #expect(connection.received == Connection.Traffic(packets: 8, bytes: 3000, retransmitted: 1))
        // The ACK leaves after 200 µs and arrives 50 µs later.
        #expect(connection.handshakeNanoseconds == 250_000)
        #expect(connection.ending == .closed)
        #expect(connection.endedBy == .server)
        #expect(connection.outcome == .delivered)
        #expect(connection.startNanoseconds == 0)
        #expect(connection.durationNanoseconds == 1_150_000)
        #expect(connection.walkCount == 12)
        #expect(connection.walks.count == 12)
        #expect(
            connection.translations == [
                Connection.Translation(
                    namespace: "host", hook: .postrouting, change: .source(from: "172.19.0.2", to: "203.0.113.2"))
            ])
        // What is drawn is the handshake's first exchange.
        #expect(connection.example.request.kind.opensConnection)
        #expect(connection.roundTrip?.count == 1)
        #expect(connection.roundTrip?.averageNanoseconds == 150_000)
    }

    @Test func whatFailsIsToldASecondAfterOneHeardOfIt() {
        var packets = Packets.echo()
        var tracker = ConnectionTracker(reportsEarly: true)
        for exchange in packets.pings(1, lost: [0]) {
            #expect(tracker.take(exchange, topology: nil, reached: 5_000_000_000).isEmpty)
        }
        #expect(tracker.advance(toNanoseconds: 5_900_000_000).isEmpty)
        #expect(tracker.advance(toNanoseconds: 6_000_000_000).count == 1)
    }

    @Test func theOrderInWhichExchangesEndDoesNotMatter() throws {
        var random = SeededGenerator(seed: 7)
        var packets = Packets()
        let exchanges = packets.download()
        let wanted = connections(exchanges)[0]
        for _ in 0..<200 {
            var shuffled = exchanges
            shuffled.shuffle(using: &random)
            var found = connections(shuffled)
            try #require(found.count == 1)
            // Spans are written as packets end: their trace is called by the exchange that ended first.
            #expect(exchanges.contains { $0.request.id == found[0].trace })
            found[0].trace = wanted.trace
            #expect(found[0] == wanted)
        }
    }

    @Test func manyConnectionsAtOnceAreToldApart() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            var exchanges: [Exchange] = []
            var ports: Set<UInt16> = []
            while ports.count < 12 { ports.insert(UInt16.random(in: 1024...60_000, using: &random)) }
            for port in ports {
                var packets = Packets(clientPort: port, translates: Bool.random(using: &random))
                exchanges += packets.download(at: Int64.random(in: 0...5000, using: &random))
            }
            exchanges.shuffle(using: &random)
            let found = connections(exchanges)
            #expect(found.count == ports.count)
            #expect(Set(found.compactMap(\.client.port)) == ports)
            // Every packet is in one of them, once.
            #expect(found.allSatisfy { $0.walkCount == 12 && $0.received.bytes == 3000 && $0.sent.bytes == 100 })
        }
    }

    @Test func aSeriesOfPingsIsOneEntryWithItsLosses() throws {
        var packets = Packets.echo()
        let found = connections(packets.pings(10, lost: [3, 7]))
        try #require(found.count == 1)
        let series = found[0]
        #expect(series.kind == .echo)
        #expect(series.identifier == 5001)
        #expect(series.requests == 10)
        #expect(series.replies == 8)
        #expect(series.outcome == .impaired)
        #expect(series.sent.packets == 10)
        #expect(series.sent.stopped == 2)
        // The replies of 0, 1, 2, 4, 5, 6, 8, 9 are there after 100 + 10 n microseconds: 143.75 on average.
        #expect(series.roundTrip?.minimumNanoseconds == 100_000)
        #expect(series.roundTrip?.maximumNanoseconds == 190_000)
        #expect(series.roundTrip?.averageNanoseconds == 143_750)
        // One cause, told once.
        try #require(series.causes.count == 1)
        #expect(series.causes[0].count == 2)
        #expect(series.causes[0].firstNanoseconds == 3_000_000)
        #expect(series.causes[0].lastNanoseconds == 7_000_000)
        // Drawn is the first that failed.
        #expect(series.example.request.startNanoseconds == 3_000_000)
    }

    @Test func aReplyThatMayHaveComeUnseenIsNoLoss() throws {
        var packets = Packets.echo()
        func series(_ change: (inout Walk) -> Void) throws -> Connection {
            var alone = packets.there(.icmp(.echoRequest(isIPv6: false, identifier: 5001, sequence: 9)), at: 900)
            change(&alone)
            return try #require(connections(packets.pings(1, lost: []) + [Exchange(request: alone)]).first)
        }
        #expect(try series { _ in }.outcome == .impaired)
        let lossy = try series { $0.losses = [WalkLoss(vantage: Loss.kernelSightings, lost: 3)] }
        #expect(lossy.outcome == .delivered && lossy.inconclusive == 1)
        #expect(lossy.requests == 2 && lossy.replies == 1)
        // All that is for many: nobody owes a reply.
        #expect(try series { $0.witness.isForMany = true }.outcome == .delivered)
    }

    @Test func whereNothingArrivesTheOutcomeIsThatOfThePackets() {
        var packets = Packets.echo()
        #expect(connections(packets.pings(3, lost: [0, 1, 2])).map(\.outcome) == [.dropped])
        var silent = Packets.echo()
        let request = silent.there(.icmp(.echoRequest(identifier: 1, sequence: 1)), at: 0)
        #expect(connections([Exchange(request: request)]).map(\.outcome) == [.unanswered])
        // Which rules and drops were not told of says nothing of a reply; lost sightings may have been of one.
        var unsure = request
        unsure.losses = [WalkLoss(vantage: "drop reasons", lost: 9), WalkLoss(vantage: "rule trace host", lost: 9)]
        #expect(connections([Exchange(request: unsure)]).map(\.outcome) == [.unanswered])
        unsure.losses = [WalkLoss(vantage: "changed sampling", lost: 9)]
        #expect(connections([Exchange(request: unsure)]).map(\.outcome) == [.left])
        var series = silent.pings(3)
        series[1] = Exchange(request: series[1].request)
        #expect(connections(series).map(\.outcome) == [.impaired])
        series[1].request.losses = unsure.losses
        #expect(connections(series).map(\.outcome) == [.delivered])
        var udp = Packets(serverPort: 5000)
        let datagram = udp.there(.udp(payloadLength: 20), at: 0)
        // A datagram wants no reply.
        #expect(connections([Exchange(request: datagram)]).map(\.outcome) == [.delivered])
        var away = Packets(serverPort: 5000)
        let left = away.there(.udp(payloadLength: 20), at: 0, outcome: .left)
        #expect(connections([Exchange(request: left)]).map(\.outcome) == [.left])
    }

    @Test func anEndThatWasNotReachedIsNamedByItsAddressInTheSameNetwork() throws {
        func link(_ name: String, _ address: String?, peer: Link.Peer?) -> Link {
            Link(
                name: name, index: 2, kind: .veth, addresses: address.flatMap { IPPrefix($0) }.map { [$0] } ?? [],
                peer: peer)
        }
        func namespace(_ name: String, _ links: [Link]) -> Namespace {
            Namespace(name: name, inode: UInt64(name.count), path: "/run/netns/\(name)", links: links)
        }
        let web = namespace("web", [link("eth0", "172.19.0.2/24", peer: .init(namespace: "host", device: "veth0"))])
        let host = namespace(
            "host",
            [
                link("veth0", nil, peer: .init(namespace: "web", device: "eth0")),
                link("up0", nil, peer: .init(namespace: "wan", device: "wan0")),
            ])
        let wan = namespace("wan", [link("wan0", "198.51.100.1/24", peer: .init(namespace: "host", device: "up0"))])
        // No link leads there, and it has the same address.
        let elsewhere = namespace("elsewhere", [link("eth9", "198.51.100.1/24", peer: nil)])
        func name(_ namespaces: [Namespace], time: String) -> String? {
            var tracker = ConnectionTracker()
            var packets = Packets.echo()
            let topology = Topology(host: "box", time: time, namespaces: namespaces)
            for exchange in packets.pings(1, lost: [0]) { _ = tracker.take(exchange, topology: topology) }
            guard case .ended(let connection, _)? = tracker.finish().first else { return nil }
            return connection.server.namespace
        }
        #expect(name([web, host, wan, elsewhere], time: "1") == "wan")
        #expect(name([web, host, elsewhere], time: "2") == nil)
    }

    @Test func aReplyThatIsLostIsNone() {
        var packets = Packets.echo()
        let request = packets.there(.icmp(.echoRequest(identifier: 1, sequence: 1)), at: 0)
        let reply = packets.back(
            .icmp(.echoReply(identifier: 1, sequence: 1)), at: 100, outcome: .lost, answers: request.id)
        let found = connections([Exchange(request: request, reply: reply)])
        #expect(found.map(\.outcome) == [.lost])
        #expect(found.map(\.requests) == [1])
        #expect(found.map(\.replies) == [0])
        #expect(found.map(\.received.stopped) == [1])
    }

    @Test func packetsAfterALongSilenceAreAnotherConnection() {
        var packets = Packets.echo()
        let first = packets.there(.icmp(.echoRequest(identifier: 1, sequence: 1)), at: 0)
        let second = packets.there(.icmp(.echoRequest(identifier: 1, sequence: 2)), at: 29_000_000)
        let third = packets.there(.icmp(.echoRequest(identifier: 1, sequence: 3)), at: 60_000_000)
        #expect(connections([first, second, third].map { Exchange(request: $0) }).map(\.walkCount) == [2, 1])
    }

    /// The rule of a connection's first packet is known by another way than that of its later ones.
    @Test func theSameWordsOfAnotherRuleAreOneCause() throws {
        var packets = Packets.echo()
        func cause(_ message: String, _ position: Int) -> Finding {
            let rule = RuleReference(family: "ip", table: "nat", chain: "PREROUTING", position: position)
            return Finding(
                code: "hairpin-missing", severity: .error, where: Finding.Place(namespace: "host"), message: message,
                rule: rule)
        }
        var walks = [UInt16(1), 2, 3].map { number in
            packets.there(.icmp(.echoRequest(identifier: 1, sequence: number)), at: Int64(number))
        }
        walks[0].findings = [cause("missing hairpin NAT", 1)]
        walks[1].findings = [cause("missing hairpin NAT", 2)]
        walks[2].findings = [cause("missing hairpin NAT elsewhere", 2)]
        let found = try #require(connections(walks.map { Exchange(request: $0) }).first)
        #expect(found.causes.map(\.finding.message) == ["missing hairpin NAT", "missing hairpin NAT elsewhere"])
        #expect(found.causes.map(\.count) == [2, 1])
        #expect(found.causes[0].finding.rule?.position == 1)
    }

    @Test func aRefusedConnectionSaysByWhom() throws {
        var packets = Packets()
        var syn = packets.there(.tcp(flags: .syn), at: 0, sequence: 1)
        syn.findings = [
            Finding(
                code: "no-listener", severity: .error, where: Finding.Place(namespace: "wan"),
                message: "nothing in wan listens on tcp/80")
        ]
        let reset = packets.back(.tcp(flags: [.rst, .ack]), at: 100, answers: syn.id)
        let found = connections([Exchange(request: syn, reply: reset)])
        #expect(found.map(\.outcome) == [.rejected])
        #expect(found.map(\.ending) == [.refused])
        #expect(found.map(\.endedBy) == [.server])
    }

    @Test func aSYNWithAnotherNumberIsAnotherConnection() {
        var packets = Packets()
        let first = packets.download()
        let second = packets.download(at: 500_000).map { exchange in
            var exchange = exchange
            if exchange.request.kind.opensConnection { exchange.request.witness.tcpSequence = 77_000 }
            return exchange
        }
        #expect(connections(first + second).map(\.walkCount) == [12, 12])
        // One that is sent again is not.
        var again = Packets()
        let lost = again.there(.tcp(flags: .syn), at: 0, sequence: 9, outcome: .dropped)
        let repeated = again.there(.tcp(flags: .syn), at: 1_000_000, sequence: 9, outcome: .dropped)
        let tried = connections([Exchange(request: lost), Exchange(request: repeated)])
        #expect(tried.map(\.walkCount) == [2])
        #expect(tried.map(\.sent.retransmitted) == [1])
        #expect(tried.map { $0.causes.map(\.count) } == [[2]])
    }

    @Test func anErrorAboutAPacketBelongsToItsConnection() throws {
        var packets = Packets()
        var exchanges = packets.download()
        // A router behind the translation says that a later segment was too large.
        var error = packets.there(.tcp(flags: .ack), at: 2000)
        error.kind = .icmp(
            ICMPMessage(
                type: 3, code: 4, mtu: 1400,
                quoted: FlowTuple(
                    source: "203.0.113.2", destination: "198.51.100.1", sourcePort: 40_112, destinationPort: 80,
                    ipProtocol: .tcp)))
        error.source = "198.51.100.254"
        error.destination = "203.0.113.2"
        error.hops = [
            Hop(
                index: 0, namespace: "wan", device: "wan0", vantage: .link, direction: .out,
                packet: Hop.Packet(source: "198.51.100.254", destination: "203.0.113.2"))
        ]
        exchanges.append(Exchange(request: error))
        let found = connections(exchanges)
        #expect(found.map(\.walkCount) == [13])
        // It is nobody's packet of the connection.
        #expect(found.map(\.received.packets) == [8])
    }

    @Test func itEndsWhenItIsClosedOrQuiet() {
        func end(_ exchanges: [Exchange]) -> Int64 {
            var tracker = ConnectionTracker()
            for exchange in exchanges { _ = tracker.take(exchange, topology: nil) }
            var second: Int64 = 0
            while tracker.count > 0, second < 1_000_000 {
                second += 1
                _ = tracker.advance(toNanoseconds: second * 1_000_000_000)
            }
            return second
        }
        var packets = Packets()
        // Its last packet arrives after 1.15 ms; then two seconds.
        #expect(end(packets.download()) == 3)
        var open = Packets()
        // conntrack: five days.
        #expect(end(Array(open.download().prefix(3))) == 432_001)
        var pings = Packets.echo()
        #expect(end(pings.pings(1)) == 31)
        var udp = Packets(serverPort: 5000)
        let question = udp.there(.udp(payloadLength: 20), at: 0)
        #expect(end([Exchange(request: question)]) == 31)
        let answer = udp.back(.udp(payloadLength: 20), at: 100, answers: question.id)
        #expect(end([Exchange(request: question, reply: answer)]) == 121)
    }

    @Test func aFailureIsToldWhileItGoesOn() throws {
        var tracker = ConnectionTracker(reportsEarly: true)
        var packets = Packets.echo()
        let pings = packets.pings(2, lost: [0, 1])
        var told: [Connection] = []
        for event in tracker.take(pings[0], topology: nil) + tracker.advance(toNanoseconds: 500_000_000) {
            if case .underWay(let connection, _) = event { told.append(connection) }
        }
        #expect(told.isEmpty)
        for event in tracker.take(pings[1], topology: nil) + tracker.advance(toNanoseconds: 1_000_000_000) {
            if case .underWay(let connection, _) = event { told.append(connection) }
        }
        #expect(told.map { $0.causes.map(\.count) } == [[2]])
        // Once.
        let rest = tracker.advance(toNanoseconds: 20_000_000_000) + tracker.finish()
        #expect(rest.count == 1)
    }

    @Test func oneThatLastsIsToldAndOnceMoreWhenItBeginsToFail() {
        var tracker = ConnectionTracker(reportsEarly: true)
        var packets = Packets.echo()
        var told: [(second: Int64, outcome: Connection.Outcome, number: UInt64)] = []
        for second: Int64 in 0..<20 {
            let isLost = second >= 10
            let request = packets.there(
                .icmp(.echoRequest(identifier: 1, sequence: UInt16(second))), at: second * 1_000_000,
                outcome: isLost ? .dropped : .delivered)
            let reply =
                isLost
                ? nil
                : packets.back(
                    .icmp(.echoReply(identifier: 1, sequence: UInt16(second))), at: second * 1_000_000 + 100,
                    answers: request.id)
            let events =
                tracker.take(Exchange(request: request, reply: reply), topology: nil)
                + tracker.advance(toNanoseconds: second * 1_000_000_000 + 500_000_000)
            for case .underWay(let connection, let number) in events {
                told.append((second, connection.outcome, number))
            }
        }
        #expect(told.map(\.second) == [3, 11])
        #expect(told.map(\.outcome) == [.delivered, .impaired])
        #expect(Set(told.map(\.number)).count == 1)
    }

    @Test func noMoreAreOpenThanTheLimit() {
        var tracker = ConnectionTracker(limit: 16)
        var random = SeededGenerator(seed: 3)
        var ended = 0
        var crowded = 0
        for _ in 0..<2000 {
            var packets = Packets(clientPort: UInt16.random(in: 1...9999, using: &random))
            let walk = packets.there(.udp(payloadLength: 1), at: 0)
            for event in tracker.take(Exchange(request: walk), topology: nil) {
                guard case .ended(let connection, _) = event else { continue }
                ended += 1
                if connection.ending == .crowded { crowded += 1 }
            }
            #expect(tracker.count <= 16)
        }
        #expect(ended > 1000)
        #expect(crowded == ended)
        #expect(tracker.finish().count == 16)
    }

    @Test func questionsAndAnswersOfDNSAreTold() throws {
        var packets = Packets(serverPort: 53)
        var question = packets.there(.udp(payloadLength: 24), at: 0)
        question.witness.nameMessage = DNSMessage(Self.message(response: false).span.bytes)
        var answer = packets.back(.udp(payloadLength: 40), at: 100, answers: question.id)
        answer.witness.nameMessage = DNSMessage(Self.message(response: true, code: 3).span.bytes)
        let found = connections([Exchange(request: question, reply: answer)])
        try #require(found.count == 1)
        #expect(found[0].lookupCount == 1)
        #expect(found[0].lookups.map(\.question.name) == ["db.shop"])
        #expect(found[0].lookups.map { $0.answer?.resultName } == ["NXDOMAIN"])
        #expect(found[0].lookups.map(\.nanoseconds) == [150_000])
    }

    /// About `db.shop`, type A.
    static func message(response: Bool, code: UInt8 = 0) -> [UInt8] {
        [0x12, 0x34, response ? 0x81 : 1, code, 0, 1, 0, 0, 0, 0, 0, 0] + [
            2, 100, 98, 4, 115, 104, 111, 112, 0, 0, 1, 0, 1,
        ]
    }
}

@Suite struct StreamRangesTests {
    @Test func whatIsSentAgainIsKnownInAnyOrder() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            // The sequence numbers come round.
            let first = UInt32.random(in: .min ... .max, using: &random)
            let segments = (0..<40).map { (sequence: first &+ UInt32($0) &* 100, length: UInt32(100)) }
            let again = segments.shuffled(using: &random).prefix(5)
            var ranges = StreamRanges()
            var repeated = 0
            for segment in (segments + again).shuffled(using: &random) {
                if ranges.take(sequence: segment.sequence, length: segment.length) > 0 { repeated += 1 }
            }
            #expect(repeated == 5)
            #expect(ranges.ranges.count == 1)
        }
    }

    @Test func memoryIsBounded() {
        var ranges = StreamRanges()
        for index in 0..<10_000 { _ = ranges.take(sequence: UInt32(index) &* 1000, length: 1) }
        #expect(ranges.ranges.count <= StreamRanges.limit)
    }

    @Test func aPartThatWasSentBeforeCounts() {
        var ranges = StreamRanges()
        #expect(ranges.take(sequence: 100, length: 100) == 0)
        #expect(ranges.take(sequence: 150, length: 100) == 50)
        #expect(ranges.take(sequence: 250, length: 10) == 0)
        #expect(ranges.take(sequence: 0, length: 300) == 160)
    }
}
