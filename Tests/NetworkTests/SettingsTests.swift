import Network
import Testing
import Wire

@Suite struct SettingsTests {
    private let settings = Settings([
        "net.ipv4.ip_forward": "1", "net.ipv4.conf.veth0.forwarding": "0", "net.ipv4.conf.eth0/7.forwarding": "1",
        "net.ipv6.conf.all.forwarding": "1", "net.ipv4.conf.all.rp_filter": "1", "net.ipv4.conf.veth0.rp_filter": "2",
        "net.ipv4.conf.eth0/7.rp_filter": "0", "net.ipv4.ip_local_port_range": "32768\t60999",
    ])

    @Test("IPv4 forwards by the incoming device's setting, IPv6 by that of all")
    func forwards() {
        #expect(settings.forwarding(device: "veth0", .ipv4)?.isOn == false)
        #expect(settings.forwarding(device: "eth0.7", .ipv4)?.key == "net.ipv4.conf.eth0/7.forwarding")
        #expect(settings.forwarding(device: "unread", .ipv4)?.key == "net.ipv4.ip_forward")
        #expect(settings.forwarding(device: "veth0", .ipv6)?.isOn == true)
    }

    @Test("the greater of a device's rp_filter and that of all, with the key that it comes from")
    func takesTheGreater() {
        #expect(settings.reversePathFilter(device: "veth0") == .init(key: "net.ipv4.conf.veth0.rp_filter", number: 2))
        #expect(settings.reversePathFilter(device: "eth0.7")?.key == "net.ipv4.conf.all.rp_filter")
        #expect(settings.arpIgnore(device: "veth0") == nil)
    }

    @Test("the range of local ports")
    func readsRange() {
        #expect(settings.localPorts == 32768...60999)
        #expect(Settings([:]).localPorts == nil)
    }
}
