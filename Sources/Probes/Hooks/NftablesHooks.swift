internal import LinuxSystem
internal import Network
internal import Wire

/// The hooks of one namespace through the nftables backend.
final class NftablesHooks: LaidHooks {
    private var table: OwnedTable
    private let context: NftablesContext
    private let namespace: String
    private let wantedPoints: ([RuleChain]) -> [HookPoint]

    var points: [HookPoint] { table.points }

    /// Lays them. Throws `ProbeError` or `SystemError`.
    ///
    /// - Parameter wantedPoints: where they are to be for the chains that the namespace has by then.
    init(
        _ table: OwnedTable, in file: NetworkNamespaceFile, of namespace: String,
        wantedPoints: @escaping ([RuleChain]) -> [HookPoint]
    ) throws {
        self.table = table
        self.wantedPoints = wantedPoints
        self.namespace = namespace
        context = try NftablesContext(namespace: file)
        try context.run(table.ruleset, attempt: "lay nftables hooks in \(namespace)")
    }

    func sample(_ share: SampleShare) throws {
        _ = try context.run(table.change(to: share), attempt: "choose other packets at nftables hooks")
    }

    func enclose(_ chains: [RuleChain], share: SampleShare) throws -> Bool {
        let laid = table.standing.map { table.points[$0] }
        let change = HookChange(laid: laid, wanted: wantedPoints(chains))
        if change.isEmpty { return false }
        let (changed, commands) = table.following(change, share: share)
        try context.run(commands, attempt: "lay further nftables hooks in \(namespace)")
        table = changed
        return true
    }

    /// No other program can take the table away.
    func layAgain() throws -> Bool { false }

    /// The table would go with its context too; told so, it goes before the reader's last words.
    func remove() { _ = try? context.run(table.removal, attempt: "remove nftables hooks") }
}
