internal import Wire

extension CompiledRule {
    /// Whether every packet that meets this rule's conditions meets the other's too: after it, this rule is dead.
    ///
    /// Conservative: only what follows from one condition of this rule at a time counts.
    func implies(_ other: CompiledRule) -> Bool {
        let own = matches
        return other.matches.allSatisfy { wanted in own.contains { $0.implies(wanted) } }
    }
}

extension Match {
    /// Whether the other condition holds wherever this one does.
    func implies(_ other: Match) -> Bool {
        if self == other { return !values.isEmpty }
        if isNegated || other.isNegated || mask != nil || other.mask != nil || values.isEmpty { return false }
        if case .port(_, let number?) = field, case .transportProtocol(nil) = other.field {
            return other.values.contains { $0.covers(.number(UInt64(number.rawValue))) }
        }
        guard field.isSame(as: other.field) else { return false }
        return values.allSatisfy { value in other.values.contains { $0.covers(value) } }
    }
}

extension RuleField {
    /// Whether it reads the same of every packet that has both: `ip saddr` and `-s`.
    fileprivate func isSame(as other: RuleField) -> Bool {
        switch (self, other) {
        case (.address(let end, _), .address(let second, nil)): end == second
        case (.port(let end, _), .port(let second, nil)): end == second
        case (.device(let direction, _), .device(let second, _)): direction == second
        default: self == other
        }
    }
}

extension RuleValue {
    /// Whether whatever is this other value is this one as well.
    fileprivate func covers(_ other: RuleValue) -> Bool {
        switch (self, other) {
        case (.named(_, let elements), _): elements.contains { $0.covers(other) }
        case (_, .named(_, let elements)): !elements.isEmpty && elements.allSatisfy { covers($0) }
        case (.prefix(let prefix), .prefix(let inner)):
            prefix.length <= inner.length && prefix.contains(inner.address)
        case (.prefix(let prefix), .addresses(let range)):
            prefix.contains(range.lowerBound) && prefix.contains(range.upperBound)
        case (.addresses(let range), .addresses(let inner)):
            range.contains(inner.lowerBound) && range.contains(inner.upperBound)
        case (.addresses(let range), .prefix(let inner)):
            inner.length == inner.address.bitWidth && range.contains(inner.address)
        case (.numbers(let range), .numbers(let inner)):
            range.contains(inner.lowerBound) && range.contains(inner.upperBound)
        case (.device(let name, let isPrefix), .device(let inner, _)):
            isPrefix ? inner.hasPrefix(name) : self == other
        default: self == other
        }
    }
}
