internal import Network

/// What a rule says of a packet's zones (`ct zone set`, `-j CT --zone`).
package struct ZoneAssignment: Hashable, Sendable {
    package enum Direction: Hashable, Sendable {
        case both
        case original
        case reply
    }

    /// Where the number comes from.
    package enum Value: Hashable, Sendable {
        case number(UInt16)
        /// The packet's mark.
        case mark
        /// The number that belongs to the first key that the field has; the rule does not match where none has it.
        case map(RuleField, mask: UInt64?, [Entry])
        case unreadable
    }

    package struct Entry: Hashable, Sendable {
        package var key: RuleValue
        package var number: UInt16
    }

    package var direction: Direction
    package var value: Value

    package init(_ value: Value, _ direction: Direction = .both) {
        self.value = value
        self.direction = direction
    }

    func zone(_ number: UInt16) -> ConntrackZone {
        switch direction {
        case .both: ConntrackZone(original: number, reply: number)
        case .original: ConntrackZone(original: number)
        case .reply: ConntrackZone(reply: number)
        }
    }

    /// The zones of a packet; `fails` where a map has no entry for it, `unknown` where it can't be told.
    func look(_ packet: PacketState, at site: RuleSite) -> (zone: ConntrackZone?, truth: Truth) {
        switch value {
        case .number(let number): return (zone(number), .holds)
        case .mark:
            let number = UInt16(truncatingIfNeeded: packet.mark)
            return packet.isMarkKnown ? (zone(number), .holds) : (nil, .unknown)
        case .map(let field, let mask, let entries):
            var isUnsure = false
            for entry in entries {
                switch field.truth(of: [entry.key], mask: mask, packet, site, isNegated: false) {
                case .holds: return (zone(entry.number), .holds)
                case .unknown: isUnsure = true
                case .fails: continue
                }
            }
            return (nil, isUnsure ? .unknown : .fails)
        case .unreadable: return (nil, .unknown)
        }
    }
}
