import Network
import Testing

@Suite("A heap")
struct HeapTests {
    @Test("gives its elements from the least on, whatever came between", arguments: 0..<40 as Range<UInt64>)
    func order(seed: UInt64) {
        var state = seed &* 2_685_821_657_736_338_717 | 1
        func random(below limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        var heap = Heap<Int>()
        var left: [Int] = []
        for _ in 0..<200 {
            if random(below: 3) > 0 {
                let element = random(below: 50)
                heap.insert(element)
                left.append(element)
            } else {
                #expect(heap.first == left.min(), "seed \(seed)")
                #expect(heap.popFirst() == left.min(), "seed \(seed)")
                if let place = left.firstIndex(of: left.min() ?? 0) { left.remove(at: place) }
            }
            #expect(heap.count == left.count, "seed \(seed)")
        }
        var rest: [Int] = []
        while let element = heap.popFirst() { rest.append(element) }
        #expect(rest == left.sorted(), "seed \(seed)")
    }
}
