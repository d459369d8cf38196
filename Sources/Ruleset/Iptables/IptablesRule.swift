internal import Network

/// Reads an iptables rule as `iptables-save` writes it (iptables(8), iptables-extensions(8)).
///
/// Any text gives steps: what is not understood becomes a condition that can't be evaluated.
struct IptablesRule {
    private(set) var steps: [CompiledRule.Step] = []
    private var words: ArraySlice<String>
    /// The last `-m`, whose options follow.
    var module = ""
    /// Where its steps begin.
    private var moduleStart = 0
    /// Whether that module has had no option yet.
    private var isBare = false

    static func steps(_ text: String) -> [CompiledRule.Step] {
        var rule = IptablesRule(words: Rule.words(text)[...])
        rule.read()
        return rule.steps
    }

    private init(words: ArraySlice<String>) { self.words = words }

    mutating func next() -> String? { words.popFirst() }

    func peek() -> String? { words.first }

    mutating func add(_ match: Match) { steps.append(.match(match)) }

    /// Words that end what belongs to a module.
    private static let general: Set = [
        "-m", "--match", "-j", "--jump", "-g", "--goto", "-s", "--source", "--src", "-d", "--destination", "--dst",
        "-i", "--in-interface", "-o", "--out-interface", "-p", "--protocol",
    ]
    /// Modules that ask nothing by themselves.
    private static let silent: Set = ["tcp", "udp", "icmp", "icmp6", "ipv6-icmp", "comment", "sctp", "multiport"]

    private mutating func read() {
        var isNegated = false
        while let word = next() {
            if Self.general.contains(word) { closeModule() }
            switch word {
            case "!":
                isNegated = true
                continue
            case "-A", "-I", "-D": _ = next()
            case "-c": _ = (next(), next())
            case "-m", "--match":
                module = next() ?? ""
                moduleStart = steps.count
                isBare = true
            case "-j", "--jump": readTarget()
            case "-g", "--goto": if let chain = next() { steps.append(.action(.goto(chain))) }
            case _ where word.hasPrefix("-"):
                if !Self.general.contains(word) { isBare = false }
                readOption(word, isNegated)
            default: break
            }
            isNegated = false
        }
        closeModule()
    }

    private mutating func closeModule() {
        if isBare, !Self.silent.contains(module) { add(.other("-m \(module)")) }
        isBare = false
        if module == "conntrack" { releaseFromConnection() }
        module = ""
    }

    /// Of what `-m conntrack` asks besides the state nothing counts for a packet without a connection.
    private mutating func releaseFromConnection() {
        let asksState = steps[moduleStart...].contains { step in
            if case .match(let match) = step { match.field == .connectionState } else { false }
        }
        guard asksState else { return }
        for index in moduleStart..<steps.count {
            guard case .match(var match) = steps[index], match.field != .connectionState else { continue }
            match.isMetWithoutConnection = true
            steps[index] = .match(match)
        }
    }

    private mutating func readOption(_ option: String, _ isNegated: Bool) {
        if option == "--comment" {
            _ = next()
        } else if let read = Self.options["\(module) \(option)"] ?? Self.options[option] {
            if let match = read(&self, isNegated) { add(match) }
        } else {
            var text = (module.isEmpty ? "" : "-m \(module) ") + (isNegated ? "! " : "") + option
            while let word = words.first, !word.hasPrefix("-"), word != "!" { text += " \(words.removeFirst())" }
            add(Self.unevaluated[module]?(text) ?? .other(text))
        }
    }

    /// Modules whose answer no snapshot holds, but whose kind is known.
    private static let unevaluated: [String: @Sendable (String) -> Match] = [
        "limit": { Match(.limit($0)) }, "hashlimit": { Match(.limit($0)) }, "statistic": { Match(.limit($0)) },
        "quota": { Match(.limit($0)) }, "connlimit": { Match(.limit($0)) },
    ]

    private mutating func readTarget() {
        guard let target = next() else { return }
        var options: [String: String] = [:]
        var name: String?
        var text = target
        while let word = next() {
            text += " \(word)"
            if word.hasPrefix("--") {
                options[word] = ""
                name = word
            } else if let known = name {
                options[known] = options[known].map { $0.isEmpty ? word : "\($0) \(word)" }
            }
        }
        steps.append(.action(IptablesTarget.action(target, options, text: text)))
    }
}
