import Network
import Testing
import Wire

@Suite("A socket that takes packets")
struct ListenerTests {
    @Test("of TCP is full with more connections than its backlog")
    func stream() throws {
        var listener = Listener(protocol: .tcp, address: IPAddress(ipv4: 0), port: 80, receiveQueue: 2)
        #expect(!listener.isFull)
        listener.backlog = 2
        #expect(!listener.isFull)
        listener.receiveQueue = 3
        #expect(listener.isFull)
    }

    @Test("of UDP is full with less room than a frame takes")
    func datagram() throws {
        var listener = Listener(protocol: .udp, address: IPAddress(ipv4: 0), port: 53, receiveQueue: 212_160)
        #expect(!listener.isFull)
        listener.receiveBufferBytes = 212_992
        #expect(listener.isFull)
        listener.receiveQueue = 200_000
        #expect(!listener.isFull)
    }
}
