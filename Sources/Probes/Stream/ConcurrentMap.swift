internal import LinuxSystem
internal import Synchronization

/// `body` of every item, on up to `width` threads at once, in the order of the items.
///
/// For system calls that wait for the kernel more than they work: to open or close a packet socket takes some RCU grace
/// periods, which all that wait at one time share.
func concurrentMap<Item: Sendable, Value: Sendable>(
    _ items: [Item], width: Int = 32, _ body: @escaping @Sendable (Item) -> Value
) throws -> [Value] {
    let state = Shared<Value>(count: items.count)
    var threads: [WorkerThread] = []
    defer { for thread in threads { thread.join() } }
    for _ in 0..<min(width, items.count) {
        threads.append(
            try WorkerThread {
                while let index = state.take() { state.put(body(items[index]), at: index) }
            })
    }
    for thread in threads { thread.join() }
    threads = []
    return state.values
}

private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<(next: Int, values: [Value?])>

    init(count: Int) { state = Mutex((0, Array(repeating: nil, count: count))) }

    func take() -> Int? {
        state.withLock { state in
            guard state.next < state.values.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    func put(_ value: Value, at index: Int) { state.withLock { $0.values[index] = value } }

    var values: [Value] { state.withLock { $0.values.compactMap { $0 } } }
}
