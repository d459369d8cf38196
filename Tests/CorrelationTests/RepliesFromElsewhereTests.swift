import Correlation
import Network
import Observations
import Testing
import WalkModel
import Wire

/// A datagram that comes from another address or port than was asked, to the socket that asked.
@Suite struct RepliesFromElsewhereTests {
    /// A question to the host, and what comes from the host a millisecond later; both walks in that order.
    private func walks(
        port: UInt16 = 53, from sourcePort: UInt16 = 40000, to destination: String = "203.0.113.2",
        replySource: String, replyPort: UInt16, replyTo: UInt16 = 40000
    ) throws -> (question: Walk, reply: Walk) {
        var scene = Scene(baseNetwork())
        scene.watch("mynamespace", "veth1")
        scene.watch("host", "veth0")
        scene.watch("host", "mybridge")
        let question = packet("172.19.0.2", destination, label: 1, sourcePort: sourcePort, destinationPort: port)
        scene.see("mynamespace", "veth1", .out, at: 0, question)
        scene.see("host", "veth0", .in, at: 4, question)
        scene.see("host", "mybridge", .in, at: 4, question)
        let reply = packet(replySource, "172.19.0.2", label: 2, sourcePort: replyPort, destinationPort: replyTo)
        scene.see("host", "mybridge", .out, at: 1000, reply)
        scene.see("host", "veth0", .out, at: 1002, reply)
        scene.see("mynamespace", "veth1", .in, at: 1004, reply)
        let found = scene.walks().sorted { $0.startNanoseconds < $1.startNanoseconds }
        try #require(found.count == 2)
        return (found[0], found[1])
    }

    @Test("from another address it answers what nothing else answered")
    func address() throws {
        let walks = try walks(replySource: "172.19.0.1", replyPort: 53)
        #expect(walks.reply.answers == walks.question.id)
    }

    @Test("from another port of a service too, as with TFTP")
    func port() throws {
        let walks = try walks(port: 69, replySource: "203.0.113.2", replyPort: 41000)
        #expect(walks.reply.answers == walks.question.id)
    }

    @Test("what differs in both, or goes to another port, is a datagram of its own")
    func unrelated() throws {
        let both = try walks(replySource: "172.19.0.1", replyPort: 5353)
        #expect(both.reply.answers == nil)
        let elsewhere = try walks(replySource: "172.19.0.1", replyPort: 53, replyTo: 40001)
        #expect(elsewhere.reply.answers == nil)
    }

    @Test("between ports of services, and to a question to a group, nothing is concluded")
    func services() throws {
        let service = try walks(port: 123, from: 123, replySource: "172.19.0.1", replyPort: 123, replyTo: 123)
        #expect(service.reply.answers == nil)
        let group = try walks(port: 1900, to: "239.255.255.250", replySource: "172.19.0.1", replyPort: 1900)
        #expect(group.reply.answers == nil)
    }
}
