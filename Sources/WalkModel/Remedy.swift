/// What fixes a finding's cause.
public struct Remedy: Sendable, Hashable {
    /// In the order in which they are to be made; never empty.
    public var actions: [RemedyAction]
    /// The same packet, stopped without them, arrived with them.
    public var verified: Bool

    public init(_ actions: [RemedyAction], verified: Bool = false) {
        self.actions = actions
        self.verified = verified
    }

    /// Nil where there is nothing to do.
    public init?(ifAny actions: [RemedyAction]) {
        if actions.isEmpty { return nil }
        self.init(actions)
    }

    /// Shell commands, for the namespace that the tool runs in.
    public var commands: [String] { commands(in: CommandScope()) }

    public func commands(in scope: CommandScope) -> [String] { actions.map(scope.line) }
}

extension Remedy: Codable {
    enum CodingKeys: CodingKey { case commands, verified }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let commands = try container.decode([String].self, forKey: .commands)
        self.init(
            commands.map { RemedyAction(in: nil, .line($0)) },
            verified: try container.decode(Bool.self, forKey: .verified))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(commands, forKey: .commands)
        try container.encode(verified, forKey: .verified)
    }
}
