internal import Network
internal import Snapshot

/// What a script has to build, worked out section by section.
struct TwinPlan {
    let snapshot: HostSnapshot
    let options: TwinScript.Options
    /// The snapshot's namespaces, each with its name for `ip netns` (nil for the sandbox's own).
    let places: [(namespace: NamespaceSnapshot, name: String?)]
    /// By the snapshot's names.
    private(set) var names: [String: String] = [:]
    var standIns: [String] = []
    var outsides: [TwinOutside] = []
    let standInList: [StandIn]
    var assumptions: [Assumption]
    /// Programs that the script runs.
    var programs: Set<String> = ["ip", "sysctl", "nsenter", "awk", "sed"]

    init(_ snapshot: HostSnapshot, options: TwinScript.Options) {
        self.snapshot = snapshot
        self.options = options
        var names: [String: String] = [:]
        var taken: Set<String> = [Self.muteNamespace, Self.homeName]
        for namespace in snapshot.namespaces.dropFirst() {
            var name = Self.safe(namespace.name)
            while !taken.insert(name).inserted { name += "_" }
            names[namespace.name] = name
        }
        self.names = names
        places = snapshot.namespaces.enumerated().map { ($1, $0 == 0 ? nil : names[$1.name]) }
        standInList = Self.standIns(places, taken: taken, answers: options.outsideAnswers)
        assumptions = snapshot.assumptions()
    }

    /// For a moment, the name of the namespace that the script runs in.
    private static let homeName = "packetwalk-home"

    /// A name that can be a file's and that `ip` takes for no option.
    static func safe(_ name: String) -> String {
        let kept = name.unicodeScalars.map { scalar in
            scalar.value <= 32 || scalar.value == 127 || "/\\'\"`$".unicodeScalars.contains(scalar)
                ? "_" : Character(scalar)
        }
        let text = String(kept.prefix(200))
        return text.isEmpty || text.hasPrefix("-") || text.hasPrefix(".") ? "_\(text)" : text
    }

    /// The namespaces, with sockets that are full already. Where the script does not open them, whoever runs it does so after this.
    mutating func beginning() -> [TwinStep] {
        var text = ScriptText()
        addNamespaces(&text)
        addFullSockets(&text)
        return text.steps
    }

    mutating func rest() -> [TwinStep] {
        var text = ScriptText()
        endFullSockets(&text)
        for place in places { addGlobalSettings(&text, place.namespace, place.name) }
        addLinks(&text)
        for place in places { addPorts(&text, place.namespace, place.name) }
        for place in places { addDeviceSettings(&text, place.namespace, place.name) }
        text.blank()
        text.comment(
            "Devices up, the lower ones first; addresses in their order, without looking for duplicates; routes")
        text.comment("to links before routes by gateways; then the rules of policy routing.")
        addUps(&text)
        for place in places { addAddresses(&text, place.namespace, place.name) }
        for place in places {
            text.feed("ip_batch", in: place.name, place.namespace.links.flatMap { LinkOptions.querierLines($0) })
        }
        addStandIns(&text)
        for place in places { addRoutes(&text, place.namespace, place.name) }
        for place in places { addForwardingEntries(&text, place.namespace, place.name) }
        addUse(&text)
        for place in places { addCollisions(&text, place.namespace, place.name) }
        for place in places { addQueues(&text, place.namespace, place.name) }
        for place in places { addFirewalls(&text, place.namespace, place.name) }
        for place in places { addConnections(&text, place.namespace, place.name) }
        if options.opensSockets {
            for place in places {
                addListeners(&text, place.namespace, place.name)
                addHeldPorts(&text, place.namespace, place.name)
                addGroups(&text, place.namespace, place.name)
                addWaitingPackets(&text, place.namespace, place.name)
            }
        }
        for place in places { addSettling(&text, place.namespace, place.name) }
        for place in places { addPortStates(&text, place.namespace, place.name) }
        return text.steps
    }

    private mutating func addNamespaces(_ text: inout ScriptText) {
        let others = places.compactMap(\.name)
        addStandInNamespaces(&text)
        guard !others.isEmpty else { return }
        text.comment(
            "The network namespaces. The one that this runs in stands for \(Self.visible(places[0].namespace.name)).")
        text.feed("ip_batch", in: nil, others.compactMap { batchLine(["netns", "add", $0]) })
        // The numbers by which namespaces know each other must be given before a link crosses.
        let own = places[0].namespace.nsids.sorted { $0.value < $1.value }.compactMap { name, number in
            names[name].flatMap { batchLine(["netns", "set", $0, "\(number)"]) }
        }
        text.feed("ip_batch", in: nil, own)
        addNumbers(&text)
    }

    /// The same for the other namespaces. The one that this runs in needs a name for it, and only for so long.
    private func addNumbers(_ text: inout ScriptText) {
        let home = Self.homeName
        var isNamed = false
        for place in places.dropFirst() {
            let known = place.namespace.nsids.sorted { $0.value < $1.value }.compactMap { original, number in
                let name = original == places[0].namespace.name ? home : names[original]
                return name.flatMap { batchLine(["netns", "set", $0, "\(number)"]) }
            }
            if known.isEmpty { continue }
            if !isNamed {
                isNamed = true
                text.add(.nameHome(home))
            }
            text.feed("ip_batch", in: place.name, known)
        }
        if isNamed { text.add(.forgetHome(home)) }
    }

    mutating func assume(_ code: Assumption.Code, in namespace: NamespaceSnapshot, _ words: String) {
        assumptions.append(Assumption(code, in: namespace.name, words))
    }

    /// A text that a comment can hold.
    static func visible(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) })
    }
}
