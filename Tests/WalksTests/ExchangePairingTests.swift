import Testing
import Walks

@Suite struct ExchangePairingTests {
    @Test func requestAndReplyMakeAnExchange() throws {
        let walks = BaseNetworkTests.ping(hooks: false).walks()
        var pairing = ExchangePairing<Walk>()
        var exchanges: [ExchangePairing<Walk>.Pair] = []
        for walk in walks { exchanges += pairing.take(walk) }
        exchanges += pairing.finish()
        let exchange = try #require(exchanges.first)
        #expect(exchanges.count == 1)
        #expect(exchange.request.summary == "ICMP echo request id 5001 seq 1")
        #expect(exchange.reply?.summary == "ICMP echo reply id 5001 seq 1")
    }

    @Test func aRequestWithoutAnswerGoesAloneAfterItsTime() throws {
        let request = try #require(BaseNetworkTests.ping(hooks: false).walks().first)
        var pairing = ExchangePairing<Walk>(answerTimeoutNanoseconds: 1000)
        #expect(pairing.advance(toNanoseconds: 0).isEmpty)
        #expect(pairing.take(request).isEmpty)
        #expect(pairing.advance(toNanoseconds: 999).isEmpty)
        let alone = pairing.advance(toNanoseconds: 1000)
        #expect(alone.map(\.request) == [request] && alone[0].reply == nil)
        #expect(pairing.finish().isEmpty)
    }

    @Test func whoWasAnsweredTakesNoneOfTheNextOnesTime() throws {
        let walks = BaseNetworkTests.ping(hooks: false).walks()
        let (request, reply) = (try #require(walks.first), try #require(walks.last))
        var late = request
        late.id = "late"
        var pairing = ExchangePairing<Walk>(answerTimeoutNanoseconds: 1000)
        #expect(pairing.advance(toNanoseconds: 0).isEmpty)
        #expect(pairing.take(request).isEmpty)
        pairing.reach(nanoseconds: 500)
        #expect(pairing.take(late).isEmpty)
        #expect(pairing.take(reply).count == 1)
        #expect(pairing.advance(toNanoseconds: 1499).isEmpty)
        #expect(pairing.advance(toNanoseconds: 1500).map(\.request.id) == ["late"])
    }

    @Test func neverMoreThanTheLimitWait() throws {
        let walk = try #require(BaseNetworkTests.ping(hooks: false).walks().first)
        var pairing = ExchangePairing<Walk>(limit: 2)
        var gone: [String] = []
        for number in 0..<5 {
            var copy = walk
            copy.id = "\(number)"
            gone += pairing.take(copy).map(\.request.id)
        }
        #expect(gone == ["0", "1", "2"])
    }
}
