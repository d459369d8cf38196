/// A binary heap: the least element is found at once, and taken or added in logarithmic time.
public struct Heap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    public init() {}

    public var count: Int { elements.count }

    /// The least one; nil where there is none.
    public var first: Element? { elements.first }

    public mutating func insert(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, elements[index] < elements[(index - 1) / 2] {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the least one; nil where there is none.
    @discardableResult
    public mutating func popFirst() -> Element? {
        guard let first = elements.first else { return nil }
        elements.swapAt(0, elements.count - 1)
        elements.removeLast()
        var index = 0
        while 2 * index + 1 < elements.count {
            var child = 2 * index + 1
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[index] else { break }
            elements.swapAt(index, child)
            index = child
        }
        return first
    }

    public mutating func removeAll() { elements.removeAll() }
}
