extension String {
    /// As people count: `r2` before `r10`.
    func comesBefore(_ other: String) -> Bool {
        let (left, right) = (Self.parts(self), Self.parts(other))
        for (one, two) in zip(left, right) where one != two {
            guard let first = UInt64(one), let second = UInt64(two), first != second else { return one < two }
            return first < second
        }
        return left.count < right.count
    }

    /// Runs of digits, and what stands between them.
    private static func parts(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = text[...]
        while let first = rest.first {
            let isDigit = first.isASCII && first.isNumber
            let end = rest.firstIndex { ($0.isASCII && $0.isNumber) != isDigit } ?? rest.endIndex
            parts.append(rest[..<end])
            rest = rest[end...]
        }
        return parts
    }
}
