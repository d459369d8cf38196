import Foundation
import Observations
import Testing

@testable import Recording

/// What retis writes of places, in the three forms that its versions had (retis/src/process/cli/pcap.rs).
@Suite struct RetisTests {
    private static func event(_ interface: String, _ description: String? = nil, _ annotation: String = "")
        -> RetisEvent?
    {
        Array(annotation.utf8).withUnsafeBytes {
            RetisEvent(interface: interface, description: description, annotation: $0)
        }
    }

    @Test("a probe's JSON names namespace and device") func json() throws {
        let text = """
            {"kernel":{"symbol":"net:netif_receive_skb","probe_type":"raw_tracepoint"},\
            "netns":{"cookie":1,"inum":4026531840},"dev":{"name":"veth0","ifindex":10}}
            """
        let event = try #require(Self.event("raw_tracepoint/net:netif_receive_skb", nil, text))
        let place = event.place(in: "host")
        #expect(place.namespace == "netns:4026531840" && place.device == "veth0" && place.direction == .in)
        #expect(event.isAtDevice && !event.isDrop)
    }

    @Test(
        "a device's name has its namespace, and a comment the probe",
        arguments: [("veth0 (4026531840)"), ("veth0 ns 0x1/4026531840"), ("veth0 ns 4026531840")])
    func device(name: String) throws {
        let event = try #require(Self.event(name, "ifindex=10", "probe=raw_tracepoint:net:net_dev_start_xmit"))
        let place = event.place(in: "host")
        #expect(place.namespace == "netns:4026531840" && place.device == "veth0" && place.direction == .out)
    }

    @Test("a probe between devices is a point of its own at the device") func between() throws {
        let text = "12 (6) [ping] 11330 [kr] ovs_dp_upcall #1baa\n  ns 0x1/4026531840 if 10 (veth0)"
        let event = try #require(Self.event("veth0 ns 0x1/4026531840", "ifindex=10", text))
        #expect(!event.isAtDevice)
        let place = event.place(in: "host")
        #expect(place.device == "veth0 at return of ovs_dp_upcall" && place.direction == nil)
    }

    @Test("a fake interface is in a namespace that nobody names") func fake() throws {
        let event = try #require(Self.event("? (0)", "Fake interface", "probe=kprobe:ip_rcv"))
        #expect(event.place(in: "host").namespace == "host" && event.device == nil)
    }

    @Test(
        "other programs' interfaces are none",
        arguments: [
            "eth0", "host:eth0", "host:postrouting/srcnat/after", "veth0 (4026531840)", "Wi-Fi (5)", "raw_tracepoint/",
            "en0/0", "",
        ])
    func others(name: String) {
        #expect(Self.event(name) == nil)
        #expect(Self.event(name, "some device") == nil)
    }

    @Test("what is no JSON leaves the place open") func damaged() throws {
        let event = try #require(Self.event("kprobe/ip_rcv", nil, "{\"kernel\":"))
        #expect(event.namespace == nil && event.probe == "kprobe/ip_rcv")
    }
}
