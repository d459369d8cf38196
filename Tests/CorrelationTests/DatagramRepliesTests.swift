import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// Which datagram answers which, where several of one flow are under way.
@Suite struct DatagramRepliesTests {
    private func datagram(
        toServer: Bool, transaction: UInt16, label: UInt64
    ) -> PacketHeaders {
        var headers =
            toServer
            ? packet("172.19.0.2", "172.19.0.1", label: label, sourcePort: 40000, destinationPort: 53)
            : packet("172.19.0.1", "172.19.0.2", label: label, sourcePort: 53, destinationPort: 40000)
        headers.udpTransaction = transaction
        return headers
    }

    /// Datagrams at `veth1` of mynamespace and `veth0` of host, each `at` its time in microseconds.
    private func walks(
        _ datagrams: [(toServer: Bool, transaction: UInt16, label: UInt64, at: Double)]
    ) -> [UInt64: Walk] {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        scene.watch("host", "mybridge")
        var labels: [UInt64] = []
        for one in datagrams {
            let headers = datagram(toServer: one.toServer, transaction: one.transaction, label: one.label)
            labels.append(one.label)
            if one.toServer {
                scene.see("mynamespace", "veth1", .out, at: one.at, headers)
                scene.see("host", "veth0", .in, at: one.at + 4, headers)
                scene.see("host", "mybridge", .in, at: one.at + 4, headers)
            } else {
                scene.see("host", "mybridge", .out, at: one.at, headers)
                scene.see("host", "veth0", .out, at: one.at + 2, headers)
                scene.see("mynamespace", "veth1", .in, at: one.at + 4, headers)
            }
        }
        let found = scene.walks().sorted { $0.startNanoseconds < $1.startNanoseconds }
        return Dictionary(
            zip(datagrams.sorted { $0.at < $1.at }.map(\.label), found), uniquingKeysWith: { first, _ in first })
    }

    @Test("two questions from one socket are each answered by the reply with their ID", arguments: [false, true])
    func bothFamilies(isInOrder: Bool) throws {
        let walks = walks([
            (true, 0x1111, 1, 0), (true, 0x2222, 2, 50),
            (false, isInOrder ? 0x1111 : 0x2222, 3, 1000), (false, isInOrder ? 0x2222 : 0x1111, 4, 1100),
        ])
        try #require(walks.count == 4)
        #expect(walks[3]?.answers == walks[isInOrder ? 1 : 2]?.id)
        #expect(walks[4]?.answers == walks[isInOrder ? 2 : 1]?.id)
        #expect(walks[1]?.answers == nil)
        #expect(walks[2]?.answers == nil)
    }

    @Test("of a question that was sent again the newest is answered")
    func sentAgain() throws {
        let walks = walks([(true, 0x1111, 1, 0), (true, 0x1111, 2, 500_000), (false, 0x1111, 3, 501_000)])
        try #require(walks.count == 3)
        #expect(walks[3]?.answers == walks[2]?.id)
    }

    @Test("further datagrams of a reply ask for nothing themselves")
    func severalDatagrams() throws {
        let walks = walks([(true, 7, 1, 0), (false, 8, 2, 1000), (false, 9, 3, 2000)])
        try #require(walks.count == 3)
        #expect(walks[2]?.answers == walks[1]?.id)
        #expect(walks[3]?.answers == walks[1]?.id)
    }
}
