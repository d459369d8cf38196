internal import Glibc
internal import LinuxSystem

/// One of the four programs that iptables rules are read and written with.
enum XTablesProgram: String, CaseIterable, Codable, Sendable {
    case iptablesLegacy = "iptables-legacy"
    case iptablesNft = "iptables-nft"
    case ip6tablesLegacy = "ip6tables-legacy"
    case ip6tablesNft = "ip6tables-nft"

    /// nftables' name of the address family, which topologies use for legacy tables too.
    var family: String {
        switch self {
        case .iptablesLegacy, .iptablesNft: "ip"
        case .ip6tablesLegacy, .ip6tablesNft: "ip6"
        }
    }

    /// As `RuleChain.backend` names it.
    var backend: String { isLegacy ? "iptables-legacy" : "iptables-nft" }
    var isLegacy: Bool { self == .iptablesLegacy || self == .ip6tablesLegacy }

    /// The program of the same address family for the other backend.
    var other: XTablesProgram {
        switch self {
        case .iptablesLegacy: .iptablesNft
        case .iptablesNft: .iptablesLegacy
        case .ip6tablesLegacy: .ip6tablesNft
        case .ip6tablesNft: .ip6tablesLegacy
        }
    }

    var isInstalled: Bool { Self.path(of: "\(rawValue)-save") != nil && Self.path(of: "\(rawValue)-restore") != nil }

    /// Every table with its rules, as iptables-save(8) prints them. Makes no table.
    func save(in namespace: NetworkNamespaceFile) throws -> String {
        try run("save", [], input: "", in: namespace)
    }

    /// Applies `commands` table by table, each wholly or not at all; rules that they do not name stay, with their
    /// counters.
    func restore(_ commands: String, in namespace: NetworkNamespaceFile) throws {
        // -w: another program may hold the lock of the legacy tables.
        _ = try run("restore", ["--noflush", "-w", "10"], input: commands, in: namespace)
    }

    private func run(_ verb: String, _ options: [String], input: String, in namespace: NetworkNamespaceFile) throws
        -> String
    {
        let name = "\(rawValue)-\(verb)"
        guard let path = Self.path(of: name) else {
            throw ProbeError("run \(name)", reason: "it is not installed", remedy: "apt install iptables")
        }
        let output = try Command([path] + options, namespace: namespace).run(input: Array(input.utf8))
        guard output.status == 0 else {
            let complaint = output.errorText.split(separator: "\n").first { !$0.hasPrefix("#") }
            throw ProbeError("run \(name)", reason: complaint.map(String.init) ?? "status \(output.status)")
        }
        return output.text
    }

    /// A user's PATH often lacks the directories of the administrator's programs.
    private static func path(of name: String) -> String? {
        let listed = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories = listed.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/local/sbin"]
        return directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
