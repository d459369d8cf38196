internal import Network
internal import WalkModel

/// Recursive descent; deeper than `depthLimit` it gives up rather than run out of stack.
struct Parser {
    private let tokens: [Token]
    private var index = 0
    private var depth = 0
    private static let depthLimit = 100

    private let findingCodes: [String]

    init(tokens: [Token], findingCodes: [String]) {
        self.tokens = tokens
        self.findingCodes = findingCodes
    }

    private var token: Token { tokens[min(index, tokens.count - 1)] }

    private func failure(_ reason: String) -> QueryError { QueryError(offset: token.offset, reason: reason) }

    private mutating func takes(_ word: String) -> Bool {
        guard token.kind == .word(word) else { return false }
        index += 1
        return true
    }

    mutating func whole() throws -> Condition {
        let condition = try alternatives()
        guard token.kind == .end else {
            throw failure("\(token.words) can't follow here: expected 'and', 'or', 'then' or the end")
        }
        return condition
    }

    private mutating func alternatives() throws -> Condition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw failure("more than \(Self.depthLimit) conditions inside each other")
        }
        var parts = [try conjunction()]
        while takes("or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction() throws -> Condition {
        var parts = [try sequence()]
        while takes("and") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func sequence() throws -> Condition {
        let start = token
        let first = try negation()
        guard token.kind == .word("then") else { return first }
        guard case .passes(var places) = first else {
            throw QueryError(offset: start.offset, reason: "'then' orders places: expected passes(\"…\") before it")
        }
        while takes("then") {
            let next = token
            guard case .passes(let more) = try negation() else {
                throw QueryError(offset: next.offset, reason: "'then' orders places: expected passes(\"…\") after it")
            }
            places += more
        }
        return .passes(places)
    }

    private mutating func negation() throws -> Condition {
        var isNegated = false
        while takes("not") { isNegated.toggle() }
        let condition = try primary()
        return isNegated ? .not(condition) : condition
    }

    private static let calls = ["passes", "reaches", "starts", "ends", "rule", "finding"]

    private mutating func primary() throws -> Condition {
        switch token.kind {
        case .open:
            index += 1
            let condition = try alternatives()
            guard token.kind == .close else { throw failure("expected ')', found \(token.words)") }
            index += 1
            return condition
        case .word(let word):
            if Self.calls.contains(word) { return try call(word) }
            if let flag = Flag(rawValue: word) {
                index += 1
                return .flag(flag)
            }
            return try comparison(word)
        default:
            throw failure("expected a condition, found \(token.words)")
        }
    }

    private mutating func call(_ name: String) throws -> Condition {
        index += 1
        guard token.kind == .open else { throw failure("expected '(' after '\(name)', found \(token.words)") }
        index += 1
        let argument: String
        switch token.kind {
        case .text(let text), .word(let text): argument = text
        default: throw failure("expected a name in quotes, found \(token.words)")
        }
        guard !argument.isEmpty else { throw failure("expected a name, found an empty one") }
        if name == "finding", !findingCodes.contains(argument), let near = findingCodes.nearest(to: argument) {
            throw failure("there is no finding '\(argument)': did you mean '\(near)'?")
        }
        index += 1
        guard token.kind == .close else { throw failure("expected ')', found \(token.words)") }
        index += 1
        switch name {
        case "passes": return .passes([Place(argument)])
        case "reaches": return .reaches(Place(argument))
        case "starts": return .starts(Place(argument))
        case "ends": return .ends(Place(argument))
        case "rule": return .rule(argument)
        default: return .finding(argument)
        }
    }

    private static let fields =
        ["outcome", "namespace"] + TextField.allCases.map(\.rawValue) + NumberField.allCases.map(\.rawValue)
        + AddressField.allCases.map(\.rawValue)

    private mutating func comparison(_ field: String) throws -> Condition {
        guard Self.fields.contains(field) else {
            if Walk.Outcome(rawValue: field) != nil {
                throw failure("'\(field)' is an outcome: write outcome == \"\(field)\"")
            }
            let words = Self.fields + Flag.allCases.map(\.rawValue) + Self.calls
            if let near = words.nearest(to: field) {
                throw failure("there is no '\(field)': did you mean '\(near)'?")
            }
            throw failure(
                "there is no '\(field)': expected \(Self.fields.joined(separator: ", ")), "
                    + "\(Flag.allCases.map(\.rawValue).joined(separator: ", ")), or "
                    + Self.calls.map { $0 + "(\"…\")" }.joined(separator: ", "))
        }
        index += 1
        let comparison: Comparison
        if case .comparison(let sign) = token.kind, let known = Comparison(rawValue: sign) {
            comparison = known
        } else if case .word("in") = token.kind, AddressField(rawValue: field) != nil {
            comparison = .equal
        } else {
            throw failure("expected a comparison (==, !=, <, <=, >, >=) after '\(field)', found \(token.words)")
        }
        let isNumber = NumberField(rawValue: field) != nil
        guard isNumber || !comparison.isOrder else { throw failure("'\(field)' has no order: expected == or !=") }
        index += 1
        let value: String
        switch token.kind {
        case .text(let text), .word(let text): value = text
        default: throw failure("expected a value, found \(token.words)")
        }
        let condition = try condition(field, comparison, value)
        index += 1
        return condition
    }

    private func condition(_ field: String, _ comparison: Comparison, _ value: String) throws -> Condition {
        if field == "outcome" {
            guard let outcome = Walk.Outcome(rawValue: value) else {
                let names = Walk.Outcome.allCases.map(\.rawValue).joined(separator: ", ")
                throw failure("there is no outcome '\(value)': expected \(names)")
            }
            return .outcome(comparison, outcome)
        }
        if field == "namespace" { return .namespace(comparison, NamespaceName(value)) }
        if let text = TextField(rawValue: field) { return .text(text, comparison, value) }
        if let address = AddressField(rawValue: field) {
            guard let pattern = AddressPattern(value) else {
                throw failure("'\(value)' is no address: expected one like 172.19.0.2, or a prefix like 172.19.0.0/24")
            }
            return .address(address, comparison, pattern)
        }
        guard let number = NumberField(rawValue: field) else { throw failure("there is no '\(field)'") }
        if number == .latency || number == .duration {
            guard let duration = Self.nanoseconds(value) else {
                throw failure("'\(value)' is no duration: expected one like 250us, 10ms or 1.5s")
            }
            return .number(number, comparison, duration)
        }
        let digits = value.hasPrefix("0x") ? Int64(value.dropFirst(2), radix: 16) : Int64(value)
        guard let digits else { throw failure("'\(value)' is no number") }
        return .number(number, comparison, digits)
    }

    /// A number and a unit: ns, us (µs), ms, s, min.
    static func nanoseconds(_ text: String) -> Int64? {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("min", 6e10), ("s", 1e9),
        ]
        guard let unit = units.first(where: { text.hasSuffix($0.0) }), let amount = Double(text.dropLast(unit.0.count)),
            amount.isFinite, amount >= 0, amount * unit.1 < 9e18
        else { return nil }
        return Int64((amount * unit.1).rounded())
    }
}
