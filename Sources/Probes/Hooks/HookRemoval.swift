internal import LinuxSystem
internal import Network

/// Takes rules of the iptables backend out again: those that bear a run's comment, and no other.
struct HookRemoval {
    let namespace: NetworkNamespaceFile
    let name: String

    /// Removes the rules of every run that `isMeant` is true of.
    ///
    /// - Returns: one line for each rule removed.
    /// - Throws: `ProbeError` where a program is there, but fails three times.
    func removeRules(
        programs: [XTablesProgram] = XTablesProgram.allCases, where isMeant: (RunIdentity) -> Bool
    ) throws -> [String] {
        var removed: [String] = []
        for program in programs where program.isInstalled {
            var attempts = 0
            while true {
                let saved = try program.save(in: namespace)
                let (commands, runs) = XTablesRule.deletion(saved: saved, where: isMeant)
                if runs.isEmpty { break }
                do {
                    try program.restore(commands, in: namespace)
                    removed += runs.map { "\(program.rawValue) rule of run \($0) in \(name)" }
                    break
                } catch {
                    // Someone else may have changed the table meanwhile.
                    attempts += 1
                    if attempts == 3 { throw error }
                }
            }
        }
        return removed
    }

    /// Deletes the nftables chains and tables that `entry` says were not there before, where they are empty: others may
    /// have put rules there since.
    func removeEmptyChains(of entry: HookJournal.Entry) throws {
        guard entry.programs.contains(where: { !$0.isLegacy }) else { return }
        let context = try NftablesContext(namespace: namespace)
        let made = Self.madeByIptables(in: try NftablesInventory(context), entry: entry)
        let deletion = try EmptyDeletion(in: namespace)
        for chain in made.chains { try deletion.delete(chain) }
        for table in made.tables { try deletion.delete(table) }
    }

    /// What of `now` has come since the journal was written and can be iptables-nft's doing: built-in chains of its
    /// tables. One that has got a policy to drop is somebody's wish.
    static func madeByIptables(in now: NftablesInventory, entry: HookJournal.Entry) -> NftablesInventory {
        var made = NftablesInventory(listing: "")
        made.chains = now.chains.filter { chain in
            let words = chain.split(separator: " ")
            return words.count == 3 && ["ip", "ip6"].contains(words[0])
                && XTable(rawValue: String(words[1]))?.hooks
                    .contains { $0.rawValue.uppercased() == words[2] } == true
                && !entry.chainsBefore.contains(chain) && !now.droppingChains.contains(chain)
        }
        made.tables = now.tables.filter { table in
            made.chains.contains { $0.hasPrefix("\(table) ") } && !entry.tablesBefore.contains(table)
        }
        return made
    }

    /// Undoes all that `journal` tells of.
    ///
    /// - Parameter files: the namespaces, by inode, held open since before the rules were laid; others are opened.
    /// - Returns: what could not be undone, one sentence each.
    static func undo(_ journal: HookJournal, files: [UInt64: NetworkNamespaceFile] = [:]) -> [String] {
        guard let run = RunIdentity(journal.run) else { return ["the journal names no run"] }
        var failures: [String] = []
        if let name = journal.traceInstance {
            do { try TraceInstance.remove(name, in: TraceFileSystem()) } catch { failures.append("\(error)") }
        }
        for entry in journal.entries {
            do {
                let file = try files[entry.inode] ?? NetworkNamespaceFile(path: entry.path)
                // Another namespace has taken the name: the one that held our rules is gone, and they with it.
                guard file.inode == entry.inode else { continue }
                // Each is tried, whatever became of the one before.
                for step in steps(entry, run: run, file: file) {
                    do { try step() } catch {
                        failures.append("hooks of run \(run) stay in \(entry.namespace): \(error)")
                    }
                }
            } catch let error as SystemError where error.errorNumber == 2 && files[entry.inode] == nil {
                continue  // ENOENT: gone, and the rules with it.
            } catch {
                failures.append("hooks of run \(run) stay in \(entry.namespace): \(error)")
            }
        }
        return failures
    }

    private static func steps(
        _ entry: HookJournal.Entry, run: RunIdentity, file: NetworkNamespaceFile
    ) -> [() throws -> Void] {
        let removal = HookRemoval(namespace: file, name: entry.namespace)
        return [
            { _ = try removal.removeRules(programs: entry.programs) { $0 == run } },
            { try removal.removeEmptyChains(of: entry) },
            { try PacketLoggers.restore(entry.loggers ?? [:], in: file) },
        ]
    }
}
