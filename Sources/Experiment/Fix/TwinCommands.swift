internal import Network
internal import WalkModel

/// Writes the actions of remedies as commands for a rebuilt network: there a rule of nft is at the same position of its chain
/// and has another handle.
struct TwinCommands {
    var topology: Topology
    var scope: CommandScope

    /// - Parameter files: by which namespaces are entered there; empty where they are as on the original host.
    init(_ topology: Topology, home: String, files: [String: String] = [:]) {
        self.topology = topology
        scope = CommandScope(home: home, entry: files.isEmpty ? .byNameOrPath : .byFiles(files))
    }

    func changes(_ actions: [RemedyAction]) -> [TrialChange] { actions.map { TrialChange(command($0)) } }

    func command(_ action: RemedyAction) -> String {
        guard case .nft(let words) = action.change, let positioned = positioned(words.words, action.place) else {
            return scope.line(action)
        }
        return scope.line(RemedyAction(in: action.place, .run(CommandWords(["sh", "-c", positioned]))))
    }

    /// `insert rule inet t c handle 7 …` with the rule's position instead; nil where it names no rule.
    private func positioned(_ words: [String], _ place: RemedyAction.Place?) -> String? {
        guard words.count > 6, words[1] == "rule", words[5] == "handle" || words[5] == "position",
            let handle = UInt64(words[6]),
            let namespace = topology.namespaces.first(where: { $0.name == place?.name ?? scope.home }),
            let chain = namespace.netfilter.chains.first(where: {
                $0.backend == .nft && $0.family.rawValue == words[2] && $0.table == words[3] && $0.name == words[4]
            }), let rule = chain.rules.first(where: { $0.handle == handle })
        else { return nil }
        return ChangeCatalogue.nftCommand(
            "\(words[0]) rule", chain, at: rule.position, words.dropFirst(7).map(shellWord).joined(separator: " "))
    }
}
