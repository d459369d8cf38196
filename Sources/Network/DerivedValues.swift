internal import Synchronization

/// Values computed from another value, one of each type, made when they are first asked for and shared by copies.
///
/// All are equal: what can be computed anew makes no difference. The owner begins a new one when it changes.
package struct DerivedValues: Hashable, Sendable {
    private final class Storage: Sendable {
        let values = Mutex<[ObjectIdentifier: any Sendable]>([:])
    }
    private let storage = Storage()

    package init() {}

    /// - Parameter make: called without a lock, so it may run twice at once; one result is kept.
    package func value<Value: Sendable>(_ make: () -> Value) -> Value {
        let key = ObjectIdentifier(Value.self)
        if let known = storage.values.withLock({ $0[key] }) as? Value { return known }
        let made = make()
        storage.values.withLock { $0[key] = made }
        return made
    }

    package static func == (left: DerivedValues, right: DerivedValues) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}
}
