internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// A small network as plain commands, the packet to send in it, and what must be seen: a folder of `fixtures/labs`.
///
/// `docs` of the format: `fixtures/labs/README.md`.
public struct Lab: Sendable, Hashable {
    /// What to send.
    public struct Probe: Sendable, Codable, Hashable {
        /// The namespace that it is sent from.
        public var from: String
        /// A shell line, as typed on the host.
        public var command: String
        /// The destination and options that `packetwalk explain --from FROM` takes for the same packet. Nil for a packet
        /// that `explain` can't send, since it is not the first of its connection: it can only be traced.
        public var explain: [String]?

        public init(from: String, command: String, explain: [String]?) {
            self.from = from
            self.command = command
            self.explain = explain
        }
    }

    /// What must come out.
    public struct Expectation: Sendable, Codable, Hashable {
        /// Where the first finding must point.
        public struct Place: Sendable, Codable, Hashable {
            public var namespace: String?
            public var hook: String?
            public var device: String?
            /// Words that the rule's text must hold.
            public var rule: String?
        }

        /// `delivered`, `left`, `dropped`, `rejected`, `lost` or `unsent`.
        public var outcome: String
        /// The first finding's code; nil where the network works.
        public var code: String?
        public var place: Place?
        /// Words that the finding's message or evidence must hold.
        public var says: [String]?
        /// False where no command can mend it; nil means true.
        public var remedy: Bool?
    }

    /// As `lab.json` has it.
    struct Description: Codable {
        var title: String
        var summary: String
        var group: String?
        var question: String?
        var traced: Bool?
        var base: String?
        var needs: [String]?
        var slow: Bool?
        /// Nil: the base's.
        var probe: Probe?
        /// Nil: the base's.
        var far: [String]?
        var expected: Expectation
        var hidden: Expectation?
        var then: [Expectation]?
        var notes: [Expectation]?
    }

    /// The folder's name.
    public let name: String
    /// Its folder. Of a lab inside the program it is there once the lab is built, in the sandbox.
    public let directory: String
    let files: LabFiles
    public let title: String
    public let summary: String
    /// The title of a group of its own in the list of labs, as those of the tutorial have; nil for where its code belongs.
    public let group: String?
    /// What the list asks; nil where its packet says enough: see `question`.
    let ownQuestion: String?
    /// A packet of `explain` does not show what it is about: its own sender is traced.
    public let isTraced: Bool
    /// `root`, `docker`, `ipv6`, `vlan-filtering`.
    public let needs: [String]
    /// Building it takes long: the tests run it only where they are asked to.
    public let isSlow: Bool
    public let probe: Probe
    /// The namespaces that would be other machines, beyond the host's uplink: on a real host nothing of them can be seen.
    public let far: [String]
    public let expected: Expectation
    /// What must come out where the far ends are hidden, if not the same: the fault is in one of them.
    public let hidden: Expectation?
    /// What must be found once the first finding's remedy has been run, and so on, in this order: one for each further
    /// fault of the network.
    public let then: [Expectation]
    /// What `explain` must note of a packet that arrives: what could stop other traffic of its two ends.
    public let notes: [Expectation]
    /// The folders whose `setup.sh` build it, in this order: those of the labs that it is based on, then its own.
    public let layers: [String]

    private static let depthLimit = 8

    /// Reads lab.json, and those of the labs beside it that it is based on. Throws `LabError`.
    init(_ name: String, in files: LabFiles) throws(LabError) {
        try self.init(name, in: files, depth: 0)
    }

    private init(_ name: String, in files: LabFiles, depth: Int) throws(LabError) {
        let description: Description
        do {
            description = try JSONDecoder().decode(Description.self, from: Data(files.bytes("lab.json", of: name)))
        } catch let error as SystemError {
            throw LabError(lab: name, problem: error.description)
        } catch {
            throw LabError(lab: name, problem: "lab.json is not a lab's description: \(firstLine(of: "\(error)"))")
        }
        self.name = name
        self.files = files
        let directory = files.directory(of: name)
        self.directory = directory
        title = description.title
        summary = description.summary
        group = description.group
        ownQuestion = description.question
        isTraced = description.traced ?? false
        isSlow = description.slow ?? false
        expected = description.expected
        hidden = description.hidden
        then = description.then ?? []
        notes = description.notes ?? []
        var base: Lab?
        if let other = description.base {
            guard depth < Self.depthLimit else {
                throw LabError(
                    lab: name, problem: "lab.json: more than \(Self.depthLimit) labs are based on each other")
            }
            guard !other.isEmpty, !other.contains("/"), other != ".." else {
                throw LabError(lab: name, problem: "lab.json: base must name a lab beside this one")
            }
            base = try Lab(other, in: files, depth: depth + 1)
        }
        let inherited = base?.needs ?? []
        needs = inherited + (description.needs ?? []).filter { !inherited.contains($0) }
        layers = (base?.layers ?? []) + [directory]
        guard let probe = description.probe ?? base?.probe else {
            throw LabError(lab: name, problem: "lab.json has neither a probe nor a base that has one")
        }
        self.probe = probe
        far = description.far ?? base?.far ?? []
    }

    /// Every command that builds it, as a reader could type them. Throws `LabError`.
    public func commands() throws(LabError) -> String {
        var text = ""
        for layer in layers {
            let lab = layer.split(separator: "/").last.map(String.init) ?? layer
            guard let part = try? files.bytes("setup.sh", of: lab) else {
                throw LabError(lab: name, problem: "cannot read \(layer)/setup.sh")
            }
            let lines = String(decoding: part, as: UTF8.self)
            text += (text.isEmpty ? "" : "\n") + lines
        }
        return text
    }

    /// What this machine or sandbox lacks for this lab, in one sentence; nil where nothing.
    ///
    /// - Parameter sandbox: the sandbox that it would be built in; nil where none is made yet.
    public func unmetNeed(in sandbox: Sandbox? = .current) -> String? {
        for need in needs {
            switch need {
            case "root":
                if geteuid() != 0 || sandbox?.isPrivileged == false { return "it needs root" }
            case "docker":
                if programPath("dockerd") == nil { return "it needs a Docker engine: apt-get install docker.io" }
            case "vlan-filtering":
                // Only a try shows it: not every kernel tells how it was configured.
                let words = ["ip", "link", "add", "type", "bridge", "vlan_filtering", "1"]
                let line = words.joined(separator: " ") + " 2> /dev/null"
                let status = try? Sandbox.run(path: "/bin/sh", arguments: ["sh", "-c", line])
                if status != 0 { return "it needs a kernel whose bridges filter VLANs" }
            case "ipv6":
                if access("/proc/sys/net/ipv6", F_OK) != 0 { return "it needs a kernel with IPv6" }
            default:
                return "it needs \(need), of which this version knows nothing"
            }
        }
        for (program, package) in Self.helpers where programPath(program) == nil && runs(program) {
            return "it needs \(program): apt-get install \(package)"
        }
        return nil
    }

    /// Programs that some labs run, and that a machine may lack, with their packages in Debian.
    private static let helpers = [
        ("busybox", "busybox"), ("conntrack", "conntrack"), ("nc", "netcat-openbsd"), ("python3", "python3"),
    ]

    private func runs(_ program: String) -> Bool {
        let lines = ((try? commands()) ?? "").split(separator: "\n") + [probe.command[...]]
        return lines.contains { line in
            if line.drop(while: { $0 == " " }).hasPrefix("#") { return false }
            let words = line.split { " \t|&;()\"'`".contains($0) }
            // Behind an option it is a name, as in -m conntrack.
            return zip([""] + words, words).contains { $1 == program && !$0.hasPrefix("-") }
        }
    }
}

/// Why a lab could not be read or built.
public struct LabError: Error, Sendable, Hashable, CustomStringConvertible {
    public var lab: String
    public var problem: String
    /// There is no lab of that name.
    public var isUnknown: Bool
    public init(lab: String, problem: String, isUnknown: Bool = false) {
        self.lab = lab
        self.problem = problem
        self.isUnknown = isUnknown
    }
    public var description: String { "lab \(lab): \(problem)" }
}

private func firstLine(of text: String) -> String {
    text.split(separator: "\n").first.map(String.init) ?? text
}
