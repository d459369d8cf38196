public import Wire

/// A rule of the routing policy database (ip-rule(8)).
public struct RoutingRule: Sendable, Codable, Hashable {
    public var priority: UInt32
    public var family: Int
    public var source: IPPrefix?
    public var destination: IPPrefix?
    public var mark: UInt32?
    public var markMask: UInt32?
    public var inDevice: String?
    public var outDevice: String?
    public var table: RoutingTable
    public var action: RoutingRuleAction
    /// Whatever else it says, as ip-rule(8) writes it: `not`, `ipproto tcp dport 80`, `suppress_prefixlength 0`, …
    public var detail: String?
    /// The same as values; nil where there is nothing else.
    public var selectors: Selectors?

    public init(
        priority: UInt32, family: Int, source: IPPrefix? = nil, destination: IPPrefix? = nil, mark: UInt32? = nil,
        markMask: UInt32? = nil, inDevice: String? = nil, outDevice: String? = nil, table: RoutingTable = .main,
        action: RoutingRuleAction = .lookup
    ) {
        self.priority = priority
        self.family = family
        self.source = source
        self.destination = destination
        self.mark = mark
        self.markMask = markMask
        self.inDevice = inDevice
        self.outDevice = outDevice
        self.table = table
        self.action = action
    }

    enum CodingKeys: String, TolerantKey {
        case priority, family, source, destination, mark, table, action, detail, selectors
        case markMask = "mark_mask"
        case inDevice = "in_device"
        case outDevice = "out_device"

        static let defaults: [Self: any Sendable] = [
            .table: RoutingTable.main, .action: RoutingRuleAction.lookup, .family: 0,
        ]
    }
}

extension RoutingRule {
    /// Whether the rule is one of `family`'s; the family is a number of IP versions, or of AF_INET and AF_INET6 in older
    /// recordings.
    public func covers(_ family: IPAddress.Family) -> Bool {
        switch self.family {
        case 2, 4: family == .ipv4
        case 10, 6: family == .ipv6
        default: true
        }
    }

    /// Whether a packet meets its conditions. What is asked of user or output device can't be known of a packet on its
    /// way, nor what is asked of ports without `flow`: such a rule matches nothing here.
    func matches(
        to destination: IPAddress, source: IPAddress?, mark: UInt32, inDevice: String?, flow: RoutedFlow?
    ) -> Bool {
        if outDevice != nil { return false }
        // Of a rule in an older recording there is only the text.
        guard let selectors else {
            return detail == nil && meets(destination, source: source, mark: mark, inDevice: inDevice)
        }
        guard let isFlow = selectors.meets(flow) else { return false }
        let isMet = isFlow && meets(destination, source: source, mark: mark, inDevice: inDevice)
        return isMet != selectors.isInverted
    }

    private func meets(_ destination: IPAddress, source: IPAddress?, mark: UInt32, inDevice: String?) -> Bool {
        if let prefix = self.source {
            guard let source, !source.isUnspecified, prefix.contains(source) else { return false }
        }
        if let prefix = self.destination, !prefix.contains(destination) { return false }
        if let wanted = self.mark {
            let mask = markMask ?? .max
            guard mark & mask == wanted & mask else { return false }
        }
        if let device = self.inDevice, device != (inDevice ?? "lo") { return false }
        return true
    }

    /// Whether a route that was found in its table is passed over all the same.
    func suppresses(_ route: Route) -> Bool {
        selectors?.suppressPrefixLength.map { route.destination.length <= $0 } ?? false
    }

    /// As ip-rule(8) would write it: `100: from 10.0.0.0/8 lookup 7`.
    public var text: String {
        var details = detail?.split(separator: " ").map(String.init) ?? []
        var words = ["\(priority):"]
        if details.first == "not" { words.append(details.removeFirst()) }
        words.append("from \(source.map(\.description) ?? "all")")
        if let destination { words.append("to \(destination)") }
        if let mark { words.append("fwmark 0x\(String(mark, radix: 16))") }
        if let inDevice { words.append("iif \(inDevice)") }
        if let outDevice { words.append("oif \(outDevice)") }
        // `suppress_prefixlength N` and `goto N` belong to what the rule does.
        let actions = details.firstIndex { $0 == "suppress_prefixlength" || $0 == "goto" } ?? details.endIndex
        words += details[..<actions]
        if action != .goto { words.append(action == .lookup ? "lookup \(table)" : action.rawValue) }
        words += details[actions...]
        return words.joined(separator: " ")
    }

    /// One of the three rules that every namespace begins with.
    public var isDefault: Bool {
        source == nil && destination == nil && mark == nil && inDevice == nil && outDevice == nil
            && detail == nil && table.isBuiltIn && action == .lookup
    }
}
