internal import Glibc
internal import LinuxSystem
internal import Network

/// One of the four programs that iptables rules are read and written with.
enum XTablesProgram: String, CaseIterable, Codable, Sendable {
    case iptablesLegacy = "iptables-legacy"
    case iptablesNft = "iptables-nft"
    case ip6tablesLegacy = "ip6tables-legacy"
    case ip6tablesNft = "ip6tables-nft"

    /// nftables' name of the address family, which topologies use for legacy tables too.
    var family: TableFamily {
        switch self {
        case .iptablesLegacy, .iptablesNft: "ip"
        case .ip6tablesLegacy, .ip6tablesNft: "ip6"
        }
    }

    /// As `RuleChain.backend` names it.
    var backend: FirewallBackend { isLegacy ? .iptablesLegacy : .iptablesNft }
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

    var isInstalled: Bool { programPath("\(rawValue)-save") != nil && programPath("\(rawValue)-restore") != nil }

    /// Every table with its rules, as iptables-save(8) prints them. Makes no table.
    func save(in namespace: NetworkNamespaceFile) throws -> String {
        let name = "\(rawValue)-save"
        let output = try Command([try Self.path(ofInstalled: name)], namespace: namespace).run()
        guard output.status == 0 else {
            throw Self.failure(name, complaint: output.errorText, status: output.status)
        }
        return output.text
    }

    /// Applies `commands` table by table, each wholly or not at all; rules that they do not name stay, with their
    /// counters.
    ///
    /// - Parameter witness: a descriptor that the program holds open while it runs, so that whoever waits for its
    ///   other end knows that nothing more comes, even if this process is killed meanwhile; -1 for none.
    func restore(_ commands: String, in namespace: NetworkNamespaceFile, witness: Int32 = -1) throws {
        let name = "\(rawValue)-restore"
        // -w: another program may hold the lock of the legacy tables.
        let command = Command(
            [try Self.path(ofInstalled: name), "--noflush", "-w", "10"], namespace: namespace)
        let input = try Pipe()
        let errors = try Pipe()
        let child = try command.start(input: input.reading, output: witness, error: errors.writing)
        input.closeReading()
        errors.closeWriting()
        // It reads all of its input whatever it says, so neither waits for the other; what it refuses it says below.
        _ = writeAll(Array(commands.utf8), to: input.writing)
        input.closeWriting()
        var complaint: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try retryingInterrupts("read from \(name)") { read(errors.reading, &buffer, buffer.count) }
            if count == 0 { break }
            complaint.append(contentsOf: buffer[..<count])
        }
        let status = try child.wait()
        guard status == 0 else {
            throw Self.failure(name, complaint: String(decoding: complaint, as: UTF8.self), status: status)
        }
    }

    private static func failure(_ name: String, complaint: String, status: Int32) -> ProbeError {
        let line = complaint.split(separator: "\n").first { !$0.hasPrefix("#") }
        return ProbeError("run \(name)", reason: line.map(String.init) ?? "status \(status)")
    }

    private static func path(ofInstalled name: String) throws -> String {
        guard let path = programPath(name) else {
            throw ProbeError("run \(name)", reason: "it is not installed", remedy: "apt install iptables")
        }
        return path
    }
}
