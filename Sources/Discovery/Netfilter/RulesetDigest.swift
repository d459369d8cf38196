internal import Netlink
internal import CNetlink

/// A hash over what a namespace's ruleset is, without what packets change of it.
struct RulesetDigest {
    private var hasher = Hasher()

    /// Expressions whose data packets change.
    private static let statefulExpressions: Set<String> = ["counter", "limit", "quota", "connlimit", "last"]

    /// The family and the attributes of a message, but for one.
    mutating func add(_ message: NetlinkMessage, without left: Int? = nil) {
        add(message.payload.prefix(1))
        addAttributes(message, without: left)
    }

    /// Some of a set's elements. The message's fixed part bears the generation.
    mutating func addElements(_ message: NetlinkMessage) { addAttributes(message, without: nil) }

    /// The expressions of a rule.
    /// - Returns: what its first counter says; nil for none.
    mutating func addExpressions(of rule: NetlinkMessage) -> RulesetState.Count? {
        let expressions = Int(NFTA_RULE_EXPRESSIONS.rawValue)
        var count: RulesetState.Count?
        for case (expressions, let list) in rule.attributes(after: 4) {
            for (_, expression) in NetlinkAttributes(list) {
                let (name, data) = Self.parts(expression)
                guard Self.statefulExpressions.contains(name) else {
                    add(expression)
                    continue
                }
                hasher.combine(name)
                if name == "counter", count == nil { count = Self.count(data) }
            }
        }
        return count
    }

    func finalize() -> Int { hasher.finalize() }

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        hasher.combine(bytes.count)
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    private mutating func addAttributes(_ message: NetlinkMessage, without left: Int?) {
        for (type, value) in message.attributes(after: 4) where type != left {
            hasher.combine(type)
            add(value)
        }
    }

    /// An expression's name and its own attributes.
    private static func parts(_ expression: ArraySlice<UInt8>) -> (name: String, data: ArraySlice<UInt8>) {
        var name = ""
        var data: ArraySlice<UInt8> = []
        for (type, value) in NetlinkAttributes(expression) {
            if type == Int(NFTA_EXPR_NAME.rawValue) { name = value.text }
            if type == Int(NFTA_EXPR_DATA.rawValue) { data = value }
        }
        return (name, data)
    }

    private static func count(_ data: ArraySlice<UInt8>) -> RulesetState.Count? {
        var count = RulesetState.Count(packets: 0, bytes: 0)
        for (type, value) in NetlinkAttributes(data) {
            let number = value.networkUInt64() ?? 0
            if type == Int(NFTA_COUNTER_PACKETS.rawValue) { count.packets = number }
            if type == Int(NFTA_COUNTER_BYTES.rawValue) { count.bytes = number }
        }
        return count
    }
}
