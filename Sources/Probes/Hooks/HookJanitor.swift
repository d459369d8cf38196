internal import LinuxSystem
public import Network

/// Removes hooks, and what else a crash left behind.
public enum HookJanitor {
    /// Finds the rules of runs that are over in every namespace of `topology`, by their comments, their trace
    /// instances, and their journals; removes them. The hooks of runs that are alive are left alone.
    ///
    /// - Returns: what was removed, one phrase each.
    /// - Throws: `ProbeError` or `SystemError` with the first thing that could not be removed, after all else was.
    public static func removeLeftovers(topology: Topology) throws -> [String] {
        var removed: [String] = []
        var failure: (any Error)?
        for namespace in topology.namespaces {
            do {
                let removal = HookRemoval(
                    namespace: try NetworkNamespaceFile(path: namespace.path), name: namespace.name)
                removed += try removal.removeRules { !$0.isAlive }
            } catch {
                failure = failure ?? error
            }
        }
        // Only root may see them, and only root can have made any.
        if let files = try? TraceFileSystem() {
            for (name, run) in TraceInstance.leftovers(in: files) {
                do {
                    try TraceInstance.remove(name, in: files)
                    removed.append("the trace instance of run \(run)")
                } catch {
                    failure = failure ?? error
                }
            }
        }
        for (path, journal) in HookJournal.readAll() {
            guard let run = RunIdentity(journal.run), !run.isAlive else { continue }
            let failures = HookRemoval.undo(journal)
            if let first = failures.first {
                failure = failure ?? ProbeError("remove hooks", reason: first)
            } else {
                HookJournal.erase(path)
                removed.append("the journal of run \(run)")
            }
        }
        if let failure { throw failure }
        return removed
    }
}
