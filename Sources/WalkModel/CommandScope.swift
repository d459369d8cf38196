/// Writes the actions of a remedy as shell commands, for the namespace in which they are typed.
public struct CommandScope: Sendable, Hashable {
    /// How another namespace is entered.
    public enum Entry: Sendable, Hashable {
        /// By its name below `/run/netns` where it has one, else by its path.
        case byNameOrPath
        /// By a file that stands for it, as in a rebuilt network where neither name nor path is the original's.
        case byFiles([String: String])
    }

    /// The name of the namespace that the commands are typed in: it needs no entering.
    public var home: String
    public var entry: Entry

    public init(home: String = "host", entry: Entry = .byNameOrPath) {
        self.home = home
        self.entry = entry
    }

    /// One line for a POSIX shell. A word that no shell can type as it is becomes `$'…'` of bash, zsh and ksh.
    public func line(_ action: RemedyAction) -> String {
        switch action.change {
        case .line(let text): return text
        case .ip(let words):
            if let name = named(action.place) { return Self.text("ip -n \(name) \(words: words)") }
            return prefix(action.place) + Self.text("ip \(words: words)")
        // Quoted as a whole the assignment would be hard to read.
        case .sysctl(let name, let value):
            return prefix(action.place) + "sysctl -w \(shellWord(name))=\(shellWord(value))"
        case .iptables(let change): return prefix(action.place) + Self.text(change.words)
        case .nft(let words): return prefix(action.place) + Self.text("nft \(words: words)")
        case .run(let words): return prefix(action.place) + Self.text(words)
        }
    }

    private static func text(_ words: CommandWords) -> String {
        words.words.map(shellWord).joined(separator: " ")
    }

    /// The name for `ip -n`; nil where the namespace is entered in another way, or not at all.
    private func named(_ place: RemedyAction.Place?) -> String? {
        guard let place, place.name != home, case .byNameOrPath = entry,
            place.path == "/run/netns/\(place.name)" || place.path == "/var/run/netns/\(place.name)"
        else { return nil }
        return place.name
    }

    /// What enters the namespace, with a blank after it; empty where that is not needed.
    private func prefix(_ place: RemedyAction.Place?) -> String {
        guard let place, place.name != home else { return "" }
        if let name = named(place) { return "ip netns exec \(shellWord(name)) " }
        var path = place.path
        if case .byFiles(let files) = entry { path = files[place.name] ?? path }
        return "nsenter --net=\(shellWord(path)) "
    }
}
