import Glibc
import LinuxSystem
import Testing

@testable import Probes

@Suite struct StampedReceiverTests {
    /// Two connected sockets that keep messages apart, however many wait: what is sent into `far` is received from `near`.
    private final class Pair {
        let near: Int32
        let far: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
            (near, far) = (ends[0], ends[1])
        }

        func send(_ bytes: [UInt8]) { #expect(Glibc.send(far, bytes, bytes.count, 0) == bytes.count) }

        deinit {
            close(near)
            close(far)
        }
    }

    private func isReadable(_ descriptor: Int32, milliseconds: Int32 = 0) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, milliseconds) == 1
    }

    private func datagrams(_ contents: StampedQueue.Contents) -> [(bytes: [UInt8], receivedAt: Int64)] {
        contents.entries.compactMap { entry in
            guard case .datagram(let bytes, let receivedAt) = entry else { return nil }
            return (Array(contents.bytes[bytes]), receivedAt)
        }
    }

    @Test func `datagrams keep their order and bear the time at which they came, not that of their reading`() throws {
        let receiver = try StampedReceiver()
        let thread = try receiver.start()
        defer {
            receiver.stop()
            thread.join()
        }
        let pair = try Pair()
        let queue = try receiver.add(pair.near)
        let began = realTimeNanoseconds()
        for number in 1...3 as ClosedRange<UInt8> { pair.send([UInt8](repeating: number, count: Int(number))) }
        // Nobody reads the queue for a while: the thread stamps without being asked.
        while isReadable(pair.near) { usleep(1000) }
        let ended = realTimeNanoseconds()
        usleep(200_000)
        #expect(isReadable(queue.descriptor))
        var contents = StampedQueue.Contents()
        queue.exchange(for: &contents)
        let found = datagrams(contents)
        #expect(found.map(\.bytes) == [[1], [2, 2], [3, 3, 3]])
        #expect(found.allSatisfy { $0.receivedAt >= began && $0.receivedAt <= ended + 100_000_000 })
        #expect(!isReadable(queue.descriptor))
        // What comes after an exchange is announced again.
        pair.send([4])
        #expect(isReadable(queue.descriptor, milliseconds: 10_000))
    }

    @Test func `a sweep takes over all that came, from every socket`() throws {
        let receiver = try StampedReceiver()
        let pairs = try (0..<3).map { _ in try Pair() }
        let queues = try pairs.map { try receiver.add($0.near) }
        // More than one turn, and less than what such a socket holds.
        for number in 0..<100 as Range<UInt8> { pairs[1].send([number]) }
        pairs[2].send([200])
        receiver.sweep()
        var contents = StampedQueue.Contents()
        queues[1].exchange(for: &contents)
        #expect(datagrams(contents).map(\.bytes) == (0..<100).map { [$0] })
        queues[2].exchange(for: &contents)
        #expect(datagrams(contents).map(\.bytes) == [[200]])
        queues[0].exchange(for: &contents)
        #expect(contents.entries.isEmpty)
    }

    @Test func `beyond its budget it leaves the rest in the socket, but no queue empty whose socket is not`() throws {
        let receiver = try StampedReceiver(budget: 250)
        let pairs = try (0..<2).map { _ in try Pair() }
        let queues = try pairs.map { try receiver.add($0.near) }
        for number in 1...100 as ClosedRange<UInt8> { pairs[0].send([UInt8](repeating: number, count: 100)) }
        receiver.sweep()
        pairs[1].send([200])
        receiver.sweep()
        var contents = StampedQueue.Contents()
        queues[1].exchange(for: &contents)
        #expect(datagrams(contents).map(\.bytes) == [[200]])
        receiver.release(contents.bytes.count)
        // One turn, and no more before there is room.
        queues[0].exchange(for: &contents)
        let first = datagrams(contents).compactMap(\.bytes.first)
        #expect(!first.isEmpty && first.count < 100 && isReadable(pairs[0].near))
        receiver.release(contents.bytes.count)
        receiver.sweep()
        queues[0].exchange(for: &contents)
        let second = datagrams(contents).compactMap(\.bytes.first)
        #expect(first + second == Array(1...100))
    }

    @Test func `a socket that was taken out is not read`() throws {
        let receiver = try StampedReceiver()
        let pair = try Pair()
        let queue = try receiver.add(pair.near)
        receiver.remove(pair.near)
        pair.send([1])
        receiver.sweep()
        var contents = StampedQueue.Contents()
        queue.exchange(for: &contents)
        #expect(contents.entries.isEmpty && isReadable(pair.near))
    }

    /// The stamps, in milliseconds, of messages received in one millisecond each from 1000 on; nil for one that says
    /// nothing of an arrival.
    private func stamps(arrivals: [Int64?]) -> [Int64] {
        var contents = StampedQueue.Contents()
        for (number, _) in arrivals.enumerated() {
            contents.entries.append(
                .datagram(bytes: number..<number + 1, receivedAt: (1000 + Int64(number)) * 1_000_000))
            contents.bytes.append(UInt8(number))
        }
        contents.takeBackLateStamps { datagram in
            datagram.first.flatMap { arrivals[Int($0)] }.map { $0 * 1_000_000 }
        }
        return datagrams(contents).map { $0.receivedAt / 1_000_000 }
    }

    @Test func `what was received late came before what follows it`() {
        // The third one is a packet that was put together from fragments.
        #expect(
            stamps(arrivals: [nil, 410, 200, 420, nil, 430, 440, nil, 450, 460])
                == [430, 440, 450, 460, 460, 1005, 1006, 1007, 1008, 1009])
    }

    @Test func `what was received in time, or before few others, keeps its stamp`() {
        let inTime: [Int64?] = [nil, 990, nil, 991, 992, 993, 994]
        #expect(stamps(arrivals: inTime) == (1000..<1007).map(Int64.init))
        #expect(stamps(arrivals: [nil, 410, 420, 430]) == [1000, 1001, 1002, 1003])
        #expect(stamps(arrivals: []).isEmpty)
    }
}
