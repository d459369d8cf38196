import Correlation
import Observations
import Testing
import WalkModel

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

    @Test("a reply that ends before its request, whose hooks were read late, answers it")
    func aReplyMayEndFirst() throws {
        let scene = BaseNetworkTests.ping(hooks: true, postroutingReadAt: 100_000)
        var engine = WalkEngine()
        var pairing = ExchangePairing<UnwrittenWalk>()
        var pairs: [ExchangePairing<UnwrittenWalk>.Pair] = []
        var order: [String] = []
        func take(_ batch: WalkBatch) {
            for walk in batch.unwritten {
                order.append(walk.written().summary)
                pairs += pairing.take(walk)
            }
        }
        for event in scene.events {
            engine.take(event)
            take(engine.finishedBatch())
        }
        for milliseconds in stride(from: Int64(0), through: 5000, by: 10) {
            engine.take(.watermark(timeNanoseconds: Scene.start + milliseconds * 1_000_000))
            take(engine.finishedBatch())
        }
        take(engine.finishBatch())
        pairs += pairing.finish()
        #expect(order == ["ICMP echo reply id 5001 seq 1", "ICMP echo request id 5001 seq 1"])
        let pair = try #require(pairs.first)
        #expect(pairs.count == 1)
        #expect(pair.request.written().summary == "ICMP echo request id 5001 seq 1")
        #expect(pair.reply?.written().answers == pair.request.written().id)
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
