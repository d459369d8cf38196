import Discovery
import Testing
import Network
import Wire

@Suite("Listeners")
struct ListenerTests {
    @Test("reads listening TCP sockets and leaves connections out")
    func tcp() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 12345 1 0000
               1: 0200A8C0:A1B2 0100A8C0:0050 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0000
            """
        let listeners = Listener.parse(text, protocol: "tcp")
        #expect(listeners.count == 1)
        #expect(listeners.first?.address == IPAddress(ipv4: 0x7f00_0001))
        #expect(listeners.first?.port == 8080)
        #expect(listeners.first?.receiveQueue == 3)
        #expect(listeners.first?.inode == 12345)
    }

    @Test("reads IPv6 UDP sockets with their drops")
    func udp6() {
        let text = """
              sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
              10: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00033E00 00:00000000 00000000     0        0 777 2 0000000000000000 42
            """
        let listeners = Listener.parse(text, protocol: "udp")
        #expect(listeners.count == 1)
        #expect(listeners.first?.address == IPAddress("2001:db8::1"))
        #expect(listeners.first?.port == 53)
        #expect(listeners.first?.receiveQueue == 0x33e00)
        #expect(listeners.first?.drops == 42)
    }

    @Test("reads a connected UDP socket with its peer")
    func connected() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
               0: 00000000:1388 097100CB:1389 01 00000000:00000000 00:00000000 00000000     0        0 778 2 0000000000000000 0
            """
        let sockets = Listener.parse(text, protocol: "udp")
        #expect(sockets.map(\.port) == [5000])
        #expect(sockets.first?.peer == Listener.Peer(IPAddress(ipv4: 0xcb00_7109), port: 5001))
    }

    @Test(
        "takes any text",
        arguments: ["", "\n", "a\nb c d", "x\n 0: 0:0 0:0 0A 0 0 0 0 0 0", "x\n1: ZZ:1 a 0A 1 1 1 1 1 1"])
    func rubbish(text: String) {
        #expect(Listener.parse(text, protocol: "tcp").isEmpty)
    }
}
