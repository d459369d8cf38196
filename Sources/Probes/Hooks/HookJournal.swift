internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// What a run is about to change in the system, written down before it does, so that it can be undone whatever happens.
struct HookJournal: Codable, Equatable {
    struct Entry: Codable, Equatable {
        var namespace: String
        /// A path by which the namespace can be entered.
        var path: String
        /// Of the namespace, since a path can come to name another one.
        var inode: UInt64
        var programs: [XTablesProgram]
        /// The nftables chains of the families ip and ip6 that stood there before, each `FAMILY TABLE CHAIN`; those
        /// that iptables-nft has made for us since are deleted with our rules.
        var chainsBefore: [String]
        /// Likewise the tables, each `FAMILY TABLE`.
        var tablesBefore: [String]
        /// The loggers of protocol families that are changed, as they were: see `PacketLoggers`.
        var loggers: [String: String]?

        /// What another run has made here and will take away again was not there before, whichever of us ends last.
        func withoutWorkOfOthers(_ now: NftablesInventory?, journals: [HookJournal]) -> Entry {
            guard let now else { return self }
            var entry = self
            for other in HookJournal.ofOthers(journals).flatMap(\.entries)
            where other.inode == inode && other.programs.contains(where: { !$0.isLegacy }) {
                let made = HookRemoval.madeByIptables(in: now, entry: other)
                entry.chainsBefore.removeAll { made.chains.contains($0) }
                entry.tablesBefore.removeAll { made.tables.contains($0) }
            }
            return entry
        }
    }

    /// The runs, other than this process, whose hooks may stand beside ours.
    static func ofOthers(_ journals: [HookJournal]) -> [HookJournal] {
        journals.filter { journal in
            guard let run = RunIdentity(journal.run) else { return false }
            return run.process != getpid() && run.isAlive
        }
    }

    /// `RunIdentity` as text.
    var run: String
    var entries: [Entry]
    /// The name of a trace instance (`TraceInstance`) that goes with the run.
    var traceInstance: String?

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }

    static func decode(_ bytes: [UInt8]) -> HookJournal? {
        try? JSONDecoder().decode(HookJournal.self, from: Data(bytes))
    }

    // MARK: On disk

    /// Where journals lie: the first of these that can be written.
    static var directories: [String] {
        let own = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        return ["/run/packetwalk"] + (own.map { ["\($0)/packetwalk"] } ?? [])
    }

    /// Writes it for this run; gives its path, or nil where there is no place for it.
    func write() throws -> String? {
        let content = try encoded()
        for directory in Self.directories {
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { continue }
            // One run can have several: for namespaces that came later, for one.
            for number in 0..<1000 {
                let path = "\(directory)/\(run)-\(getpid())-\(number).json"
                let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
                if descriptor < 0, errno == EEXIST { continue }
                if descriptor < 0 { break }
                defer { close(descriptor) }
                if writeAll(content, to: descriptor) { return path }
                unlink(path)
            }
        }
        return nil
    }

    static func erase(_ path: String) {
        unlink(path)
        // The directory goes with its last journal; rmdir(2) refuses while another run's is in it.
        if let slash = path.lastIndex(of: "/") { rmdir(String(path[..<slash])) }
    }

    /// All that lie on this machine.
    static func readAll() -> [(path: String, journal: HookJournal)] {
        directories.flatMap { directory in
            directoryNames(directory).filter { $0.hasSuffix(".json") }.compactMap { name in
                let path = "\(directory)/\(name)"
                guard let bytes = try? readFile(path), let journal = decode(bytes) else { return nil }
                return (path, journal)
            }
        }
    }
}

/// write(2) until all is written; false where it fails.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            return false
        }
        rest = rest.dropFirst(count)
    }
    return true
}
