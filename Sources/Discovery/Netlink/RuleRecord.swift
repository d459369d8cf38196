internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

extension RoutingRule {
    /// From an RTM_NEWRULE (linux/fib_rules.h); nil for another family than IPv4 and IPv6.
    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWRULE), header.count >= MemoryLayout<fib_rule_hdr>.size,
            let family = header.byte(at: 0), let destinationLength = header.byte(at: 1),
            let sourceLength = header.byte(at: 2), let tos = header.byte(at: 3), let table = header.byte(at: 4),
            let action = header.byte(at: 7), let flags = header.hostUInt32(at: 8),
            let zero = IPAddress.unspecified(family)
        else { return nil }
        self.init(
            priority: 0, family: zero.isIPv4 ? 4 : 6, table: RoutingTable(rawValue: UInt32(table)),
            action: Self.actionName(action))
        if sourceLength > 0 { source = IPPrefix(zero, length: Int(sourceLength)) }
        if destinationLength > 0 { destination = IPPrefix(zero, length: Int(destinationLength)) }
        var selectors = Selectors()
        selectors.isInverted = flags & UInt32(FIB_RULE_INVERT) != 0
        selectors.tos = tos == 0 ? nil : tos
        for (type, value) in message.attributes(after: MemoryLayout<fib_rule_hdr>.size) {
            switch type {
            case Int(FRA_PRIORITY): priority = value.hostUInt32() ?? 0
            case Int(FRA_TABLE): self.table = value.hostUInt32().map(RoutingTable.init(rawValue:)) ?? self.table
            case Int(FRA_SRC): source = IPAddress(bytes: value).flatMap { IPPrefix($0, length: Int(sourceLength)) }
            case Int(FRA_DST):
                destination = IPAddress(bytes: value).flatMap { IPPrefix($0, length: Int(destinationLength)) }
            case Int(FRA_IIFNAME): inDevice = value.text
            case Int(FRA_OIFNAME): outDevice = value.text
            case Int(FRA_FWMARK): mark = value.hostUInt32()
            case Int(FRA_FWMASK): markMask = value.hostUInt32()
            default: selectors.read(type, value)
            }
        }
        // A mask without a mark comes with every rule.
        if mark == nil || mark == 0 && markMask == 0 {
            mark = nil
            markMask = nil
        }
        if selectors != Selectors() {
            self.selectors = selectors
            detail = selectors.text
        }
    }

    static func actionName(_ code: UInt8) -> RoutingRuleAction {
        switch Int(code) {
        case Int(FR_ACT_TO_TBL): .lookup
        case Int(FR_ACT_GOTO): .goto
        case Int(FR_ACT_NOP): .nop
        case Int(FR_ACT_BLACKHOLE): .blackhole
        case Int(FR_ACT_UNREACHABLE): .unreachable
        case Int(FR_ACT_PROHIBIT): .prohibit
        default: RoutingRuleAction(rawValue: "\(code)")
        }
    }
}

extension RoutingRule.Selectors {
    /// One attribute of a rule (FRA_*); any other is passed over.
    fileprivate mutating func read(_ type: Int, _ value: ArraySlice<UInt8>) {
        func range<Number: FixedWidthInteger>(_ from: Number?, _ to: Number?) -> ClosedRange<Number>? {
            guard let from, let to, from <= to else { return nil }
            return from...to
        }
        switch type {
        case Int(FRA_GOTO): target = value.hostUInt32()
        case Int(FRA_SUPPRESS_PREFIXLEN):
            // -1 stands for "not set".
            suppressPrefixLength = value.hostInt32().flatMap { $0 < 0 ? nil : Int($0) }
        case Int(FRA_SUPPRESS_IFGROUP): suppressGroup = value.hostUInt32().flatMap { $0 == .max ? nil : $0 }
        case Int(FRA_L3MDEV): usesVRF = value.byte() == 1
        case Int(FRA_IP_PROTO): ipProtocol = value.byte()
        case Int(FRA_TUN_ID): tunnel = value.networkUInt64()
        case Int(FRA_SPORT_RANGE): sourcePorts = range(value.hostUInt16(at: 0), value.hostUInt16(at: 2))
        case Int(FRA_DPORT_RANGE): destinationPorts = range(value.hostUInt16(at: 0), value.hostUInt16(at: 2))
        case Int(FRA_UID_RANGE): users = range(value.hostUInt32(at: 0), value.hostUInt32(at: 4))
        default: break
        }
    }
}
