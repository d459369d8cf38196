import Discovery
import Network
import Testing

@Suite struct HostIDTests {
    private let machine = "3d1219c7c4c5404aaa1f6d2a48adfda4"
    private let boot = "87446049-3c66-4c88-a58d-618dffffaebd"

    @Test("machine, boot and network namespace each make another host; the name does not") func identity() {
        let host = HostID(name: "box", machine: machine, boot: boot, networkNamespace: 1)
        #expect(host.id.count == 16 && host.id.allSatisfy(\.isHexDigit))
        #expect(host == HostID(name: "renamed", machine: machine, boot: boot, networkNamespace: 1))
        let others = [
            HostID(name: "box", machine: "0" + machine.dropFirst(), boot: boot, networkNamespace: 1),
            HostID(name: "box", machine: machine, boot: "0" + boot.dropFirst(), networkNamespace: 1),
            HostID(name: "box", machine: machine, boot: boot, networkNamespace: 2),
            // What is read of one must not pass for what is read of the other.
            HostID(name: "box", machine: machine + boot, boot: "", networkNamespace: 1),
            HostID(name: "box", machine: "", boot: machine + boot, networkNamespace: 1),
        ]
        #expect(Set(others + [host]).count == 6)
        #expect(!host.id.contains(machine.prefix(8)))
    }

    @Test("this host is the same however often it is asked for") func current() {
        let host = HostID.current()
        #expect(host == HostID.current())
        #expect(host.id.count == 16)
    }

    @Test("a name is enough where nobody else has it") func label() {
        let hosts = [
            HostID(name: "box", id: "0123456789abcdef"), HostID(name: "box", id: "fedcba9876543210"),
            HostID(name: "wan", id: "1111111111111111"), HostID(name: "", id: "2222222222222222"),
        ]
        #expect(hosts.map { $0.label(among: hosts) } == ["box#01234567", "box#fedcba98", "wan", "#22222222"])
        #expect(hosts[0].label(among: [hosts[0], hosts[2]]) == "box")
        // Two runs of one host.
        #expect(hosts[0].label(among: [hosts[0], hosts[0]]) == "box")
    }
}
