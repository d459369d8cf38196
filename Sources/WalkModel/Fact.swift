public import Observations

/// One piece of evidence for a finding: what is known, and from which source.
public struct Fact: Sendable, Hashable {
    /// Nil for a remark on the evidence itself, such as that a source lost events.
    public var source: Evidence?
    public var text: String
    public init(_ source: Evidence?, _ text: String) {
        self.source = source
        self.text = text
    }

    /// The name of its source; empty where there is none.
    public var label: String { source?.rawValue ?? "" }

    /// A capture or a hook shows it.
    public static func seen(_ text: String) -> Fact { Fact(.seen, text) }
    /// The kernel reported it: a drop reason, a counter, an errno.
    public static func kernel(_ text: String) -> Fact { Fact(.kernel, text) }
    /// The rule trace shows it.
    public static func rule(_ text: String) -> Fact { Fact(.rule, text) }
    /// Read from the kernel's configuration.
    public static func state(_ text: String) -> Fact { Fact(.state, text) }
}

extension Fact: LosslessStringConvertible {
    /// `state: net.ipv4.ip_forward = 0 in host`.
    public var description: String { source.map { "\($0.rawValue): \(text)" } ?? text }

    /// A line whose first word names no source is a remark.
    public init(_ description: String) {
        let parts = description.split(separator: ": ", maxSplits: 1)
        if parts.count == 2, let source = Evidence(rawValue: String(parts[0])) {
            self.init(source, String(parts[1]))
        } else {
            self.init(nil, description)
        }
    }
}
