import Observations
import Probes
import Testing
import WalkModel
import Wire

@testable import Runs

/// Which of a run's exchanges are the packet's own.
@Suite("The exchange of the packet that was sent")
struct ExchangeChoiceTests {
    /// The SYN of a connection, as its sender's socket sent it.
    private func sent(_ walk: Walk, sourcePort: UInt16? = nil) throws -> ExchangeChoice {
        let source = try #require(IPAddress("\(walk.source)"))
        let destination = try #require(IPAddress("\(walk.destination)"))
        let tuple = FlowTuple(
            source: source, destination: destination, sourcePort: try sourcePort ?? #require(walk.sourcePort),
            destinationPort: try #require(walk.destinationPort), ipProtocol: .tcp)
        return ExchangeChoice(
            request: PacketRequest(kind: .tcp(tuple.destinationPort), destination: destination), tuple: tuple)
    }

    @Test("is the one with its addresses and ports")
    func own() throws {
        let exchanges = try Golden.exchanges("namespace-to-wan-tcp.explain")
        let walk = try #require(exchanges.first { $0.request.sourcePort != nil && $0.reply != nil }).request
        let chosen = try sent(walk).chosen(from: exchanges)
        #expect(!chosen.isEmpty && chosen.count < exchanges.count)
        #expect(chosen.allSatisfy { $0.request.sourcePort == walk.sourcePort })
    }

    @Test("is not that of another connection between the same addresses")
    func other() throws {
        let exchanges = try Golden.exchanges("namespace-to-wan-tcp.explain")
        let walk = try #require(exchanges.first { $0.request.sourcePort != nil && $0.reply != nil }).request
        let port = try #require(walk.sourcePort)
        #expect(try sent(walk, sourcePort: port ^ 1).chosen(from: exchanges).isEmpty)
    }
}
