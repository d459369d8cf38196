internal import Network
internal import Wire

/// Reads nft's `match` from libnftables' JSON: a field, an operator, and what the field is compared with.
struct NftablesCondition {
    var sets: NftablesSets

    func match(_ value: JSONTree) -> Match {
        guard let left = value["left"], let right = value["right"] else { return .other("match") }
        let operation = value["op"]?.string ?? "=="
        if let bits = left["&"]?.elements, bits.count == 2, let match = masked(bits, operation, right) { return match }
        let (field, mask) = NftablesSelector.field(left)
        if field == .tcpFlags, mask == nil, operation == "in" {
            // Any of these flags: not none of them.
            guard let flags = NftablesSets.bits(right) else { return .other("tcp flags") }
            return Match(field, [.number(0)], mask: flags, isNegated: true)
        }
        switch operation {
        case "==", "in": return Match(field, sets.values(right, of: field), mask: mask)
        case "!=": return Match(field, sets.values(right, of: field), mask: mask, isNegated: true)
        case "!": return none(of: right, field, mask)
        default: return Match(field, [Self.range(operation, sets.values(right, of: field))], mask: mask)
        }
    }

    /// `! x`: none of these bits; of states and the like, none of these words.
    private func none(of right: JSONTree, _ field: RuleField, _ mask: UInt64?) -> Match {
        guard field.isNumeric, mask == nil else {
            return Match(field, sets.values(right, of: field), mask: mask, isNegated: true)
        }
        guard let bits = NftablesSets.bits(right) else { return .other(field.nftName) }
        return Match(field, [.number(0)], mask: bits)
    }

    /// `FIELD & bits == x` for fields that are no numbers; nil for those that are.
    private func masked(_ operands: [JSONTree], _ operation: String, _ right: JSONTree) -> Match? {
        let field = NftablesSelector.field(operands[0]).field
        guard operation == "==" || operation == "!=" || operation == "in" else { return nil }
        switch field {
        case .address:
            guard case .addresses(let mask)? = operands[1].string.map(field.literal),
                let value = Self.address(right, field)
            else { return .other("\(field.nftName) & …") }
            return Match(
                field, [.maskedAddress(value, mask: mask.lowerBound)], isNegated: operation == "!=")
        case .connectionState:
            // A packet has one state: under a mask it is that state, or none.
            let asked = sets.values(operands[1], of: field)
            let wanted = sets.values(right, of: field)
            guard wanted.count == 1, asked.contains(wanted[0]) else { return .other("ct state & …") }
            return Match(field, wanted, isNegated: operation == "!=")
        default: return nil
        }
    }

    private static func address(_ tree: JSONTree, _ field: RuleField) -> IPAddress? {
        switch NftablesSets.value(tree, of: field) {
        case .addresses(let range) where range.lowerBound == range.upperBound: range.lowerBound
        default: nil
        }
    }

    /// `< 5` as the numbers, or the addresses, for which it holds.
    private static func range(_ operation: String, _ values: [RuleValue]) -> RuleValue {
        switch values.first {
        case .numbers(let bound)? where values.count == 1 && bound.lowerBound == bound.upperBound:
            return range(operation, bound.lowerBound)
        case .addresses(let bound)? where values.count == 1 && bound.lowerBound == bound.upperBound:
            return range(operation, bound.lowerBound)
        default: return .unreadable(operation)
        }
    }

    private static func range(_ operation: String, _ bound: UInt64) -> RuleValue {
        switch operation {
        case "<" where bound > 0: .numbers(0...(bound - 1))
        case "<=": .numbers(0...bound)
        case ">" where bound < .max: .numbers((bound + 1)...(.max))
        case ">=": .numbers(bound...(.max))
        default: .unreadable(operation)
        }
    }

    private static func range(_ operation: String, _ bound: IPAddress) -> RuleValue {
        let first = bound.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
        let last = bound.isIPv4 ? IPAddress(ipv4: .max) : IPAddress(high: .max, low: .max)
        return switch operation {
        case "<" where bound > first: .addresses(first...bound.moved(by: -1))
        case "<=": .addresses(first...bound)
        case ">" where bound < last: .addresses(bound.moved(by: 1)...last)
        case ">=": .addresses(bound...last)
        default: .unreadable(operation)
        }
    }
}

extension IPAddress {
    /// The next address or the one before, where there is one.
    fileprivate func moved(by step: Int64) -> IPAddress {
        var copy = self
        copy.low = low &+ UInt64(bitPattern: step)
        if step > 0, copy.low == 0 { copy.high &+= 1 }
        if step < 0, low == 0 { copy.high &-= 1 }
        return copy
    }
}
