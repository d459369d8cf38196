import Network

extension RuleReference {
    /// The rule without what its name says already.
    var shortText: String? {
        guard let text, !text.isEmpty else { return nil }
        let prefix = "-A \(chain) "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    /// Name and text.
    func line(withHandle: Bool = false) -> String {
        let name = name(withHandle: withHandle)
        return (shortText ?? verdict?.rawValue).map { "\(name): \($0)" } ?? name
    }

    /// Whether a packet that met the rule went no further.
    var stops: Bool { verdict.map { $0.endsPacket || $0 == .stolen } ?? false }
}
