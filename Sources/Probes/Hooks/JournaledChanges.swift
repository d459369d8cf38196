internal import LinuxSystem

/// What a run changes that no kernel takes back for it: written down before, undone at the end, by a
/// guardian process where this one is killed, and by `packetwalk cleanup` where the machine went down.
final class JournaledChanges {
    private let journal: HookJournal
    private let files: [UInt64: NetworkNamespaceFile]
    private var guardian: GuardianProcess?
    private var journalPath: String?
    private var users = 0

    /// Writes the journal and starts the guardian. Nothing is changed yet.
    ///
    /// - Parameter files: the namespaces of the journal, by inode.
    init(
        journal: HookJournal, files: [UInt64: NetworkNamespaceFile], guardianCommand: [String],
        warnings: inout [String]
    ) {
        self.journal = journal
        self.files = files
        let advice = "should this process be killed, run `packetwalk cleanup`"
        do {
            if guardianCommand.isEmpty {
                warnings.append("no guardian for what this run changes: \(advice)")
            } else {
                guardian = try GuardianProcess(command: guardianCommand, journal: journal)
            }
        } catch {
            warnings.append("no guardian for what this run changes (\(error)): \(advice)")
        }
        if guardian == nil { journalPath = try? journal.write() }
    }

    /// A descriptor for programs that go on with changes should this process be killed; -1 for none.
    var witness: Int32 { guardian?.witness ?? -1 }

    func retain() { users += 1 }

    /// Undoes everything when the last user lets go.
    func release() {
        users -= 1
        if users <= 0 { undo() }
    }

    /// Undoes everything now. Harmless a second time.
    func undo() {
        if let guardian {
            self.guardian = nil
            if guardian.finish() { return }
        }
        if HookRemoval.undo(journal, files: files).isEmpty, let journalPath { HookJournal.erase(journalPath) }
        journalPath = nil
    }
}
