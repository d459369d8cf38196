internal import Dispatch
internal import Glibc
internal import LinuxSystem
public import Network
internal import Synchronization
internal import Wire

extension HostSnapshot {
    /// Reads all that decides of the namespaces that a map of this machine names. Nothing on the machine is changed.
    ///
    /// What can't be read is named in `warnings`; a namespace that is gone by now is left out silently, one that may not
    /// be entered with a warning. Throws `SystemError` only where the namespace that the process stands in can't be
    /// read.
    ///
    /// - Parameters:
    ///   - topology: read just before, on this machine: names, paths, peers and sockets come from it.
    ///   - only: the namespaces to read, by name; empty for all.
    public static func read(_ topology: Topology, only: [String] = []) throws -> HostSnapshot {
        var snapshot = HostSnapshot(
            host: topology.host, time: topology.time, kernel: readText("/proc/sys/kernel/osrelease") ?? "")
        snapshot.boot = readText("/proc/sys/kernel/random/boot_id").map { hash(ofBoot: $0) }
        snapshot.omitted = [
            "keys of WireGuard and MACsec", "states of xfrm, which hold keys", "keys of TCP Fast Open",
            "secrets of stable IPv6 addresses",
        ]
        var sources = topology.namespaces.filter { only.isEmpty || only.contains($0.name) }
        let own = (try? NetworkNamespaceFile.current())?.inode
        // The one that the tool ran in first.
        if let position = sources.firstIndex(where: { $0.inode == own }) {
            sources.insert(sources.remove(at: position), at: 0)
        }
        let known = Set(sources.map(\.name))
        // What the map says of one of them is of a part that is read here anew.
        snapshot.warnings = topology.warnings.filter { warning in
            !known.contains { warning.hasPrefix("\($0): ") }
        }
        let readings = Mutex([Result<Reading, any Error>?](repeating: nil, count: sources.count))
        let ordered = sources
        let versions = Mutex<[String: String]>([:])
        // They wait for the kernel and for other programs more than they compute.
        DispatchQueue.concurrentPerform(iterations: ordered.count + 1) { index in
            guard index < ordered.count else {
                let found = toolVersions()
                versions.withLock { $0 = found }
                return
            }
            let result = Result {
                var reader = try NamespaceReader(ordered[index], isOwn: ordered[index].inode == own, known: known)
                try reader.read()
                // The reader itself holds the namespace open: with many of them descriptors would run out.
                return Reading(snapshot: reader.snapshot, warnings: reader.warnings)
            }
            readings.withLock { $0[index] = result }
        }
        snapshot.tools = versions.withLock { $0 }
        for (source, result) in zip(sources, readings.withLock({ $0 })) {
            do {
                guard let reading = try result?.get() else { continue }
                snapshot.namespaces.append(reading.snapshot)
                snapshot.warnings += reading.warnings
            } catch let error as SystemError where error.errorNumber == ENOENT || error.errorNumber == ESRCH {
                continue
            } catch {
                if source.inode == own, error is ToolFailure {
                    throw ToolFailure(
                        description: "cannot read the network of this machine: \(error); install iproute2")
                }
                if source.inode == own { throw error }
                snapshot.warnings.append("\(source.name): cannot read it: \(NamespaceReader.reason(error))")
            }
        }
        snapshot.readIdentifiers(paths: sources.map { ($0.name, $0.path) }, own: own)
        return snapshot
    }

    private struct Reading: Sendable {
        var snapshot: NamespaceSnapshot
        var warnings: [String]
    }

    /// Of a boot's identifier only a hash is kept, as machine-id(5) asks for such numbers.
    private static func hash(ofBoot identifier: String) -> String {
        var hash = SipHash(key: (0x7061_636b_6574_7761, 0x6c6b_2062_6f6f_7473))
        for start in stride(from: 0, to: identifier.utf8.count, by: 8) {
            hash.mix(identifier.utf8.dropFirst(start).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        let digits = String(hash.finished(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The versions of the programs that read it, where they are installed.
    private static func toolVersions() -> [String: String] {
        var versions: [String: String] = [:]
        for words in [["ip", "-V"], ["nft", "--version"], ["iptables", "--version"]] {
            guard let path = programPath(words[0]), let output = try? Command([path, words[1]]).run() else { continue }
            // `ip utility, iproute2-6.1.0, …`, `nftables v1.0.6 (…)`, `iptables v1.8.9 (nf_tables)`
            let version = output.text.split { " ,\n-".contains($0) }.first { word in
                word.drop { $0 == "v" }.first?.isNumber == true && word.contains(".")
            }
            if let version { versions[words[0]] = String(version.drop { $0 == "v" }) }
        }
        return versions
    }
}
