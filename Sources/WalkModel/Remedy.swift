/// What fixes a finding's cause.
public struct Remedy: Sendable, Hashable {
    /// In the order in which they are to be made; empty only where the owner alone can do it.
    public var actions: [RemedyAction]
    /// The same packet, stopped without them, arrived with them.
    public var verified: Bool
    /// How the packet fared in two networks that differ in these changes alone; nil where that was not tried.
    public var proof: RemedyProof?
    /// The same in the words of the program that the rules belong to; nil where they are nobody's that is known. Only `actions`
    /// are tried: a rebuilt network has no such program.
    public var owner: OwnerRemedy?

    public init(_ actions: [RemedyAction], verified: Bool = false) {
        self.actions = actions
        self.verified = verified
    }

    /// Nil where there is nothing to do.
    public init?(ifAny actions: [RemedyAction]) {
        if actions.isEmpty { return nil }
        self.init(actions)
    }

    /// What only the program can do that the network belongs to.
    public init(owner: OwnerRemedy) {
        self.init([])
        self.owner = owner
    }

    /// Whether nothing of it can be made, or tried, without the owner.
    public var isForOwnerAlone: Bool { actions.isEmpty }

    /// Shell commands, for the namespace that the tool runs in.
    public var commands: [String] { commands(in: CommandScope()) }

    /// What to type to keep it: the owner's commands where it has some.
    public var lastingCommands: [String] {
        guard let owner, !owner.commands.isEmpty else { return commands }
        return owner.commands
    }

    public func commands(in scope: CommandScope) -> [String] { actions.map(scope.line) }
}
