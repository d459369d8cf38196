/// What few values of its kind have: it takes the place of one reference, where an optional would take its whole size.
@propertyWrapper
public struct Aside<Value> {
    /// One element, or none.
    private var held: [Value]

    public init(wrappedValue: Value?) {
        held = wrappedValue.map { [$0] } ?? []
    }

    public var wrappedValue: Value? {
        get { held.first }
        set { held = newValue.map { [$0] } ?? [] }
    }
}

extension Aside: Sendable where Value: Sendable {}
extension Aside: Equatable where Value: Equatable {}
extension Aside: Hashable where Value: Hashable {}
