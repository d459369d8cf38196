import Correlation
import Observations
import Testing
import Network
import WalkModel
import Wire

/// Walks of every shape, with the hops written by hand from the network.
@Suite struct ShapeTests {
    /// Three namespaces on one bridge; `host` holds the bridge.
    private func bridged() -> Scene {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("host", "va"), mac: 0xa, addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("host", "vb"), mac: 0xb, addresses: ["10.0.0.2/24"])]),
            .named("c", [.veth("eth0", 2, peer: ("host", "vc"), mac: 0xc, addresses: ["10.0.0.3/24"])]),
            .named(
                "host",
                [
                    .veth("va", 2, peer: ("a", "eth0"), mac: 0x10, master: "br0"),
                    .veth("vb", 3, peer: ("b", "eth0"), mac: 0x11, master: "br0"),
                    .veth("vc", 4, peer: ("c", "eth0"), mac: 0x12, master: "br0"),
                    .bridge("br0", 5, addresses: ["10.0.0.254/24"], mac: 0x13),
                ]),
        ])
        for (namespace, device) in [
            ("a", "eth0"), ("b", "eth0"), ("c", "eth0"), ("host", "va"), ("host", "vb"), ("host", "vc"),
            ("host", "br0"),
        ] {
            scene.watch(namespace, device)
        }
        return scene
    }

    @Test func floodedARPRequestForks() throws {
        var scene = bridged()
        var request = PacketHeaders()
        request.network = .arp
        request.flags = [.hasMACSource, .hasMACDestination]
        request.macSource = MACAddress(value: 0xa)
        request.macDestination = MACAddress(value: 0xffff_ffff_ffff)
        request.source = address("10.0.0.1")
        request.destination = address("10.0.0.2")
        request.arpOperation = 1
        request.label = 5
        scene.see("a", "eth0", .out, at: 0, request)
        scene.see("host", "va", .in, at: 2, request)
        scene.see("host", "vb", .out, at: 3, request)
        scene.see("b", "eth0", .in, at: 4, request)
        scene.see("host", "vc", .out, at: 5, request)
        scene.see("c", "eth0", .in, at: 6, request)
        scene.see("host", "br0", .in, at: 2, request)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "a eth0 out", "host va in", "host br0 in", "host vb out", "b eth0 in", "host vc out", "c eth0 in",
            ])
        #expect(walk.hops.map(\.parent) == [nil, 0, 1, 1, 3, 1, 5])
        #expect(walk.outcome == .delivered)
        #expect(walk.summary == "ARP who-has 10.0.0.2")
        #expect(walk.protocol == "arp")
    }

    /// br_netfilter: the IP hooks are called on the way from port to port.
    @Test func bridgeCallsTheHooks() throws {
        var scene = bridged()
        scene.watchHooks("host")
        let sent = packet("10.0.0.1", "10.0.0.2", label: 6, sourcePort: 1, destinationPort: 2)
        scene.see("a", "eth0", .out, at: 0, sent)
        scene.see("host", "va", .in, at: 2.5, sent)
        scene.log("host", .prerouting, .raw, .before, at: 2.5, sequence: 1, sent) {
            $0.inDevice = 5
            $0.physicalInDevice = 2
        }
        scene.log("host", .forward, .filter, .after, at: 2.5, sequence: 2, sent) {
            $0.inDevice = 5
            $0.outDevice = 5
            $0.physicalInDevice = 2
            $0.physicalOutDevice = 3
        }
        scene.log("host", .postrouting, .srcnat, .after, at: 300, sequence: 3, sent) {
            $0.outDevice = 5
            $0.physicalOutDevice = 3
        }
        scene.see("host", "vb", .out, at: 9, sent)
        scene.see("b", "eth0", .in, at: 10, sent)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "a socket out", "a eth0 out", "host va in", "host prerouting raw before", "host forward filter after",
                "host postrouting srcnat after", "host vb out", "b eth0 in",
            ])
        #expect(walk.outcome == .left)
    }

    /// mynamespace reaches itself through the host's published port: both addresses change.
    @Test func hairpinThroughAPublishedPort() throws {
        var scene = Scene(baseNetwork())
        for (namespace, device) in [
            ("mynamespace", "veth1"), ("host", "veth0"), ("host", "mybridge"), ("host", "eth0"),
        ] {
            scene.watch(namespace, device)
        }
        let before = packet(
            "172.19.0.2", "203.0.113.2", label: 7, proto: .tcp, sourcePort: 40_000, destinationPort: 8080)
        let after = packet(
            "172.19.0.1", "172.19.0.2", label: 7, ttl: 63, proto: .tcp, sourcePort: 40_000, destinationPort: 80)
        scene.see("mynamespace", "veth1", .out, at: 0, before)
        scene.see("host", "veth0", .in, at: 3, before)
        scene.see("host", "mybridge", .in, at: 3, before)
        scene.see("host", "mybridge", .out, at: 12, after)
        scene.see("host", "veth0", .out, at: 13, after)
        scene.see("mynamespace", "veth1", .in, at: 15, after)
        scene.conntrack(
            "host", original: tuple("172.19.0.2", 40_000, "203.0.113.2", 8080, .tcp),
            reply: tuple("172.19.0.2", 80, "172.19.0.1", 40_000, .tcp), at: 50)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "mynamespace socket out", "mynamespace veth1 out", "host veth0 in", "host mybridge in", "host route",
                "host mybridge out", "host veth0 out", "mynamespace veth1 in",
            ])
        #expect(
            walk.hops[5].changes.map(\.field) == [.source, .destination, .destinationPort, .ttl])
        #expect(walk.outcome == .left)
    }

    @Test func loopbackGoesOutAndComesIn() throws {
        var scene = Scene([.named("a", [])])
        scene.watch("a", "lo")
        let ping = echo("127.0.0.1", "127.0.0.1", request: true, id: 1, sequence: 1, label: 8)
        scene.see("a", "lo", .out, at: 0, ping)
        scene.see("a", "lo", .in, at: 0, ping)
        let walk = try #require(scene.walks().first)
        #expect(walk.path == ["a socket out", "a lo out", "a lo in"])
        #expect(walk.outcome == .left)
    }

    /// Two hosts with a VXLAN or Geneve between their bridges: the inner packet keeps its walk through the tunnel.
    @Test(arguments: [(PacketHeaders.TunnelKind.vxlan, "vxlan"), (.geneve, "geneve")])
    func tunnelCarriesTheInnerPacket(kind: PacketHeaders.TunnelKind, name: String) throws {
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("h1", "va"), addresses: ["10.0.0.1/24"])]),
            .named("b", [.veth("eth0", 2, peer: ("h2", "vb"), addresses: ["10.0.0.2/24"])]),
            .named(
                "h1",
                [
                    .veth("va", 2, peer: ("a", "eth0"), master: "br0"), .bridge("br0", 3),
                    Link(name: "vxlan0", index: 4, kind: LinkKind(rawValue: name), master: "br0"),
                    .veth("up", 5, peer: ("h2", "up"), addresses: ["203.0.113.2/24"]),
                ]),
            .named(
                "h2",
                [
                    .veth("vb", 2, peer: ("b", "eth0"), master: "br0"), .bridge("br0", 3),
                    Link(name: "vxlan0", index: 4, kind: LinkKind(rawValue: name), master: "br0"),
                    .veth("up", 5, peer: ("h1", "up"), addresses: ["203.0.113.3/24"]),
                ]),
        ])
        for (namespace, device) in [
            ("a", "eth0"), ("b", "eth0"), ("h1", "va"), ("h1", "vxlan0"), ("h1", "up"), ("h2", "up"), ("h2", "vxlan0"),
            ("h2", "vb"),
        ] {
            scene.watch(namespace, device)
        }
        let inner = packet("10.0.0.1", "10.0.0.2", label: 9, sourcePort: 1, destinationPort: 2)
        var outer = inner
        outer.tunnelKind = kind
        outer.tunnelIdentifier = 42
        outer.tunnelSource = address("203.0.113.2")
        outer.tunnelDestination = address("203.0.113.3")
        scene.see("a", "eth0", .out, at: 0, inner)
        scene.see("h1", "va", .in, at: 2, inner)
        scene.see("h1", "vxlan0", .out, at: 4, inner)
        scene.see("h1", "up", .out, at: 6, outer)
        scene.see("h2", "up", .in, at: 8, outer)
        scene.see("h2", "vxlan0", .in, at: 9, inner)
        scene.see("h2", "vb", .out, at: 11, inner)
        scene.see("b", "eth0", .in, at: 13, inner)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "a socket out", "a eth0 out", "h1 va in", "h1 vxlan0 out", "h1 up out", "h2 up in", "h2 vxlan0 in",
                "h2 vb out", "b eth0 in",
            ])
        #expect(walk.hops[4].packet.encapsulation?.description == "\(name) 42 203.0.113.2 → 203.0.113.3")
        #expect(walk.hops[4].changes.map(\.field) == [.encapsulation])
        #expect(walk.outcome == .left)
    }

    /// A router at home sends what it forwards by PPP over Ethernet; the provider takes it out of the session.
    @Test func sessionCarriesThePacket() throws {
        func router(_ lan: String, _ other: (String, String), _ far: String, _ own: String) -> [Link] {
            [
                .veth(lan, 2, peer: other, addresses: [own]), .veth("wan", 3, peer: (far, "wan"), addresses: []),
                Link(name: "ppp0", index: 4, kind: .ppp),
            ]
        }
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("home", "lan"), addresses: ["10.0.0.2/24"])]),
            .named("home", router("lan", ("a", "eth0"), "isp", "10.0.0.1/24")),
            .named("isp", router("net", ("b", "eth0"), "home", "198.51.100.2/24")),
            .named("b", [.veth("eth0", 2, peer: ("isp", "net"), addresses: ["198.51.100.1/24"])]),
        ])
        for (namespace, device) in [
            ("a", "eth0"), ("home", "lan"), ("home", "ppp0"), ("home", "wan"), ("isp", "wan"), ("isp", "ppp0"),
            ("isp", "net"), ("b", "eth0"),
        ] {
            scene.watch(namespace, device)
        }
        func sent(ttl: UInt8, session: UInt32 = 0) -> PacketHeaders {
            var headers = packet("10.0.0.2", "198.51.100.1", label: 19, sourcePort: 1, destinationPort: 2)
            headers.ttl = ttl
            headers.tunnelKind = session == 0 ? .none : .pppoe
            headers.tunnelIdentifier = session
            return headers
        }
        scene.see("a", "eth0", .out, at: 0, sent(ttl: 64))
        scene.see("home", "lan", .in, at: 2, sent(ttl: 64))
        scene.see("home", "ppp0", .out, at: 4, sent(ttl: 63))
        scene.see("home", "wan", .out, at: 6, sent(ttl: 63, session: 17))
        scene.see("isp", "wan", .in, at: 8, sent(ttl: 63, session: 17))
        scene.see("isp", "ppp0", .in, at: 9, sent(ttl: 63))
        scene.see("isp", "net", .out, at: 11, sent(ttl: 62))
        scene.see("b", "eth0", .in, at: 13, sent(ttl: 62))
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "a socket out", "a eth0 out", "home lan in", "home route", "home ppp0 out", "home wan out",
                "isp wan in", "isp ppp0 in", "isp route", "isp net out", "b eth0 in",
            ])
        #expect(walk.hops.compactMap(\.packet.encapsulation).map(\.description) == ["pppoe 17", "pppoe 17"])
        // No hook shows that a socket takes it.
        #expect(walk.outcome == .left)
    }

    /// Routers that put a label before a packet that they forward, and take it off, without devices for it.
    @Test func labelsStandBeforeThePacket() throws {
        func router(_ lan: String, _ other: (String, String), _ far: String, _ own: String) -> [Link] {
            [.veth(lan, 2, peer: other, addresses: [own]), .veth("core", 3, peer: (far, "core"), addresses: [])]
        }
        var scene = Scene([
            .named("a", [.veth("eth0", 2, peer: ("near", "edge"), addresses: ["10.0.0.2/24"])]),
            .named("near", router("edge", ("a", "eth0"), "far", "10.0.0.1/24")),
            .named("far", router("edge", ("b", "eth0"), "near", "198.51.100.2/24")),
            .named("b", [.veth("eth0", 2, peer: ("far", "edge"), addresses: ["198.51.100.1/24"])]),
        ])
        for (namespace, device) in [
            ("a", "eth0"), ("near", "edge"), ("near", "core"), ("far", "core"), ("far", "edge"), ("b", "eth0"),
        ] {
            scene.watch(namespace, device)
        }
        func sent(ttl: UInt8, label: UInt32 = 0) -> PacketHeaders {
            var headers = packet("10.0.0.2", "198.51.100.1", label: 20, sourcePort: 1, destinationPort: 2)
            headers.ttl = ttl
            headers.tunnelKind = label == 0 ? .none : .mpls
            headers.tunnelIdentifier = label
            return headers
        }
        scene.see("a", "eth0", .out, at: 0, sent(ttl: 64))
        scene.see("near", "edge", .in, at: 2, sent(ttl: 64))
        scene.see("near", "core", .out, at: 4, sent(ttl: 63, label: 100))
        scene.see("far", "core", .in, at: 6, sent(ttl: 63, label: 100))
        scene.see("far", "edge", .out, at: 8, sent(ttl: 62))
        scene.see("b", "eth0", .in, at: 10, sent(ttl: 62))
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "a socket out", "a eth0 out", "near edge in", "near core out", "far core in", "far edge out",
                "b eth0 in",
            ])
        #expect(walk.hops.compactMap(\.packet.encapsulation).map(\.description) == ["mpls 100", "mpls 100"])
    }

    @Test func identicalPacketsBackToBackAreTwoWalks() {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 10, sourcePort: 1, destinationPort: 2)
        for start in [0.0, 3.0] {
            scene.see("a", "eth0", .out, at: start, sent)
            scene.see("host", "va", .in, at: start + 4, sent)
            scene.see("host", "vb", .out, at: start + 8, sent)
            scene.see("b", "eth0", .in, at: start + 12, sent)
        }
        scene.events.sort { Self.time($0) < Self.time($1) }
        let walks = scene.walks()
        #expect(walks.map(\.outcome) == [.left, .left])
        #expect(walks.map { $0.hops.last?.offsetNanoseconds } == [12_000, 12_000])
        #expect(Set(walks.map(\.id)).count == 2)
    }

    /// Three identical packets a millisecond apart; the second one is lost in the bridge.
    @Test func oneLostAmongIdenticalOnes() {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 11, sourcePort: 1, destinationPort: 2)
        for (start, isLost) in [(0.0, false), (1000.0, true), (2000.0, false)] {
            scene.see("a", "eth0", .out, at: start, sent)
            scene.see("host", "va", .in, at: start + 4, sent)
            if isLost { continue }
            scene.see("host", "vb", .out, at: start + 8, sent)
            scene.see("b", "eth0", .in, at: start + 12, sent)
        }
        // The lost one may yet be in a queue when the others have arrived.
        let walks = scene.walks().sorted { $0.startNanoseconds < $1.startNanoseconds }
        #expect(walks.map(\.outcome) == [.left, .lost, .left])
        #expect(walks[1].hops.map(\.text) == ["a socket out", "a eth0 out", "host va in"])
        #expect(walks[1].lastSeen?.text == "host va in")
        #expect(walks[0].hops.contains { $0.confidence == .strong && $0.joinedBy.contains(.time) })
    }

    @Test func hooksAlone() throws {
        var scene = Scene(baseNetwork())
        scene.watchHooks("host")
        let sent = packet("172.19.0.2", "198.51.100.1", label: 12, sourcePort: 1, destinationPort: 53)
        var routed = sent
        routed.ttl = 63
        var outer = routed
        outer.source = address("203.0.113.2")
        scene.log("host", .prerouting, .raw, .before, at: 0, sequence: 1, sent)
        scene.log("host", .prerouting, .dstnat, .after, at: 0, sequence: 2, sent)
        scene.log("host", .forward, .filter, .after, at: 0, sequence: 3, routed)
        scene.log("host", .postrouting, .srcnat, .before, at: 70, sequence: 4, routed)
        scene.log("host", .postrouting, .srcnat, .after, at: 71, sequence: 5, outer)
        let walks = scene.walks()
        #expect(walks.count == 1)
        let walk = try #require(walks.first)
        #expect(
            walk.path == [
                "host prerouting raw before", "host prerouting dstnat after", "host route",
                "host forward filter after", "host postrouting srcnat before", "host postrouting srcnat after",
            ])
        #expect(walk.outcome == .left)
        #expect(walk.hops.last?.confidence == .strong)
    }

    @Test("a hook names the device it came in by: a veth that can't be captured does not part the walk there")
    func entryThatNobodyWatches() throws {
        var scene = Scene(baseNetwork())
        scene.watch("wan", "wan0")
        scene.watch("host", "veth0")
        scene.watch("host", "mybridge")
        scene.watch("mynamespace", "veth1")
        scene.watchHooks("host")
        let sent = packet("198.51.100.1", "172.19.0.2", label: 21, sourcePort: 53, destinationPort: 1)
        var routed = sent
        routed.ttl = 63
        scene.see("wan", "wan0", .out, at: 0, sent)
        for (number, edge) in [(UInt32(1), (NetfilterStage.raw, VantagePoint.Edge.before)), (2, (.dstnat, .after))] {
            scene.log("host", .prerouting, edge.0, edge.1, at: 2, sequence: number, sent) { $0.inDevice = 4 }
        }
        scene.log("host", .forward, .filter, .after, at: 2, sequence: 3, routed) { $0.inDevice = 4 }
        scene.see("host", "mybridge", .out, at: 9, routed)
        scene.see("host", "veth0", .out, at: 10, routed)
        scene.see("mynamespace", "veth1", .in, at: 11, routed)
        let walks = scene.walks()
        #expect(
            walks.map(\.path) == [
                [
                    "wan socket out", "wan wan0 out", "host prerouting raw before", "host prerouting dstnat after",
                    "host route", "host forward filter after", "host mybridge out", "host veth0 out",
                    "mynamespace veth1 in",
                ]
            ])
        // No forks: each hop follows on the one before.
        #expect(walks.first?.hops.map(\.parent) == [nil] + (0..<8).map { $0 })
        #expect(walks.first?.outcome == .left)
    }

    @Test("a redirect answers nothing: the echo that comes after it does", arguments: [5 as UInt8, 3])
    func redirectIsNoAnswer(type: UInt8) throws {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        scene.watch("host", "eth0")
        let request = echo("172.19.0.2", "198.51.100.1", request: true, id: 7, sequence: 1, label: 0xa)
        let reply = echo("198.51.100.1", "172.19.0.2", request: false, id: 7, sequence: 1, label: 0xb)
        var message = packet("172.19.0.1", "172.19.0.2", label: 0xc, proto: .icmp)
        message.icmpType = type
        message.flags.insert(.quotesPacket)
        message.quotedLabel = 0xa
        scene.see("mynamespace", "veth1", .out, at: 0, request)
        scene.see("host", "veth0", .in, at: 1, request)
        scene.see(
            "host", "eth0", .out, at: 2,
            echo("172.19.0.2", "198.51.100.1", request: true, id: 7, sequence: 1, label: 0xa, ttl: 63))
        scene.see("host", "veth0", .out, at: 10, message)
        scene.see("mynamespace", "veth1", .in, at: 11, message)
        scene.see("host", "veth0", .out, at: 20, reply)
        scene.see("mynamespace", "veth1", .in, at: 21, reply)
        let walks = scene.walks().sorted { $0.startNanoseconds < $1.startNanoseconds }
        try #require(walks.count == 3)
        // Destination unreachable does answer what it quotes.
        #expect(walks[1].answers == (type == 5 ? nil : walks[0].id))
        #expect(walks[1].isICMPError == (type != 5) && walks[1].isRedirect == (type == 5))
        #expect(walks[2].answers == walks[0].id)
    }

    @Test func aDropNamesItsReason() throws {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 13, sourcePort: 1, destinationPort: 2)
        scene.see("a", "eth0", .out, at: 0, sent)
        scene.see("host", "va", .in, at: 4, sent)
        scene.events.append(
            .drop(
                DropEvent(
                    timeNanoseconds: Scene.start + 6000, namespace: "host", device: "va", reason: "NETFILTER_DROP",
                    location: "nft_do_chain", headers: PacketHeadersRecord(sent))))
        let walk = try #require(scene.walks().first)
        #expect(walk.outcome == .dropped)
        #expect(walk.stoppedAt?.reason == "NETFILTER_DROP")
        #expect(walk.stoppedAt?.namespace == "host")
        #expect(walk.hops.last?.text == "host drop")
    }

    @Test func lossOfASourceIsSaid() throws {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 14, sourcePort: 1, destinationPort: 2)
        scene.see("a", "eth0", .out, at: 0, sent)
        scene.events.append(
            .loss(Loss(timeNanoseconds: Scene.start + 50_000, vantage: nil, source: "pcap host:va", lost: 3)))
        let walk = try #require(scene.walks().first)
        #expect(walk.losses == [WalkLoss(vantage: "pcap host:va", lost: 3)])
        #expect(walk.hops.last?.confidence == .weak)
        #expect(walk.expectedNext?.text == "host va in")
    }

    @Test("a packet that no hook of its destination showed is lost, but not where those hooks lost sightings")
    func lossOfTheLastHooks() throws {
        for lost in [nil, "nflog b", "nflog a"] {
            var scene = bridged()
            scene.watchHooks("b")
            // The hooks of `b` are known to work by the first.
            for (label, second) in [(UInt64(21), 0.0), (22, 1000)] {
                let sent = packet("10.0.0.1", "10.0.0.2", label: label, sourcePort: 1, destinationPort: 2)
                scene.see("a", "eth0", .out, at: second, sent)
                scene.see("host", "va", .in, at: second + 1, sent)
                scene.see("host", "vb", .out, at: second + 2, sent)
                scene.see("b", "eth0", .in, at: second + 3, sent)
                if label == 21 { scene.log("b", .input, .filter, .after, at: 3, sequence: 1, sent) }
            }
            if let lost {
                let loss = Loss(timeNanoseconds: Scene.start + 5_000_000, vantage: nil, source: lost, lost: 3)
                scene.events.append(.loss(loss))
            }
            let walks = scene.walks()
            #expect(walks.count == 2)
            #expect(walks.last?.outcome == (lost == "nflog b" ? .delivered : .lost), "\(lost ?? "nothing") lost")
            #expect(walks.last?.losses.map(\.vantage) == [lost].compactMap(\.self))
        }
    }

    @Test(
        "what is freed at its destination was taken there, where the sightings in between were lost",
        arguments: [true, false])
    func lossBeforeTheSocket(isLost: Bool) throws {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 25, sourcePort: 1, destinationPort: 2)
        scene.see("a", "eth0", .out, at: 0, sent)
        scene.see("host", "va", .in, at: 1, sent)
        scene.events.append(
            .drop(
                DropEvent(
                    timeNanoseconds: Scene.start + 6000, namespace: "b", reason: "NO_SOCKET", location: "ping_rcv",
                    headers: PacketHeadersRecord(sent))))
        if isLost {
            scene.events.append(
                .loss(Loss(timeNanoseconds: Scene.start + 5_000_000, vantage: nil, source: "bpf", lost: 3)))
        }
        let walk = try #require(scene.walks().first)
        #expect((walk.outcome == .dropped) != isLost)
    }

    /// What was under way when the recording ended is not lost for want of what came after.
    @Test(arguments: [20.0, 150_000]) func theEndOfARecordingCutsOff(after: Double) throws {
        var scene = bridged()
        let sent = packet("10.0.0.1", "10.0.0.2", label: 15, sourcePort: 1, destinationPort: 2)
        scene.see("a", "eth0", .out, at: 0, sent)
        scene.see("host", "va", .in, at: 4, sent)
        let other = packet("10.0.0.1", "10.0.0.3", label: 16, sourcePort: 1, destinationPort: 2)
        scene.see("host", "vc", .out, at: after, other)
        var engine = WalkEngine()
        for event in scene.events { engine.take(event) }
        engine.take(.watermark(timeNanoseconds: scene.lastNanoseconds))
        let walk = try #require((engine.finishedWalks() + engine.finish()).first { $0.destination == "10.0.0.2" })
        if after == 20 {
            #expect(walk.outcome == .left)
            #expect(walk.cutOff == .end)
            #expect(walk.hops.last?.confidence == .weak)
            #expect(walk.expectedNext == nil)
        } else {
            // There was time for it to be seen.
            #expect(walk.outcome == .lost)
            #expect(walk.cutOff == nil)
        }
    }

    /// What began before the recording did, and went no further than its first moments show.
    @Test func theBeginningOfARecordingCutsOff() throws {
        for (isMidway, time) in [(true, 0.0), (false, 0), (true, 300_000)] {
            var scene = bridged()
            let early = packet("10.0.0.1", "10.0.0.3", label: 17, sourcePort: 1, destinationPort: 2)
            scene.see("c", "eth0", .in, at: 0, early)
            let cut = packet("10.0.0.1", "10.0.0.2", label: 18, sourcePort: 1, destinationPort: 2)
            scene.see(isMidway ? "host" : "a", isMidway ? "va" : "eth0", isMidway ? .in : .out, at: time, cut)
            let walk = try #require(scene.walks().first { $0.destination == "10.0.0.2" })
            let isCut = isMidway && time == 0
            #expect(walk.cutOff == (isCut ? .beginning : nil))
            #expect(walk.outcome == (isCut ? .left : .lost))
        }
    }

    /// Where the output hook is not watched, what is sent begins at postrouting.
    @Test(arguments: [false, true]) func whatIsSentBeginsWhereItCanBeSeenFirst(watchesOutput: Bool) throws {
        func hook(_ hook: NetfilterHook, _ stage: NetfilterStage) -> VantagePoint {
            VantagePoint(namespace: "a", kind: .netfilter, device: "eth0", hook: hook, stage: stage, edge: .before)
        }
        var scene = bridged()
        if watchesOutput {
            let other = packet("10.0.0.1", "10.0.0.3", label: 19, sourcePort: 1, destinationPort: 2)
            scene.see(hook(.output, .raw), at: 0, other)
        }
        let sent = packet("10.0.0.1", "10.0.0.2", label: 20, sourcePort: 1, destinationPort: 2)
        scene.see(hook(.postrouting, .srcnat), at: 1, sent)
        let walk = try #require(scene.walks().first { $0.destination == "10.0.0.2" })
        #expect(walk.cutOff == (watchesOutput ? .beginning : nil))
        #expect(walk.outcome == (watchesOutput ? .left : .lost))
    }

    /// Captures of two devices, neither of which tells directions, and nothing of the network: one translates.
    @Test func capturesWithoutDirectionJoinAcrossATranslation() throws {
        var scene = Scene([])
        scene.events = []
        func see(_ device: String, at time: Double, _ headers: PacketHeaders, _ scene: inout Scene) {
            let point = VantagePoint(namespace: "host", kind: .link, device: device, direction: nil)
            scene.see(point, at: time, headers)
        }
        let before = packet("10.0.0.1", "198.51.100.1", label: 21, sourcePort: 4000, destinationPort: 53)
        var after = before
        after.source = address("203.0.113.2")
        after.sourcePort = 20_000
        after.ttl = 63
        see("veth0", at: 0, before, &scene)
        see("eth0", at: 12, after, &scene)
        let walks = scene.walks()
        #expect(walks.map { $0.hops.compactMap(\.device) } == [["veth0", "eth0"]])
        let hop = try #require(walks.first?.hops.last)
        #expect(hop.confidence == .weak)
        #expect(hop.changes.map(\.field) == [.source, .sourcePort, .ttl])

        // Two that look alike: which of them was sent on can't be told.
        var other = before
        other.source = address("10.0.0.2")
        see("veth0", at: 3, other, &scene)
        let apart = scene.walks()
        #expect(apart.count == 3)
        #expect(apart.allSatisfy { $0.hops.count { $0.vantage == .link } == 1 })
    }

    /// Without a translation as well: the hop limit and the time make the order.
    @Test func capturesWithoutDirectionJoinOverARouter() throws {
        var scene = Scene([])
        scene.events = []
        let sent = packet("10.0.0.1", "198.51.100.1", label: 22, sourcePort: 4000, destinationPort: 53)
        var routed = sent
        routed.ttl = 63
        for (device, time, headers) in [("veth0", 0.0, sent), ("eth0", 12, routed)] {
            scene.see(VantagePoint(namespace: "host", kind: .link, device: device, direction: nil), at: time, headers)
        }
        let walks = scene.walks()
        #expect(walks.map { $0.hops.filter { $0.vantage == .link }.compactMap(\.device) } == [["veth0", "eth0"]])
        #expect(walks.first?.hops.last?.confidence == .strong)
    }

    private static func time(_ event: Event) -> Int64 {
        if case .packet(let observation) = event { return observation.timeNanoseconds }
        return .min
    }
}
