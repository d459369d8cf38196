internal import Network
internal import Wire

/// One descriptor that the kernel hands events over by: a capture, an NFLOG socket, a conntrack socket.
///
/// A source is read on the reader thread, which has no privileges, and made, changed and closed on the arming thread while
/// the reader waits (see `ProbeReader`), so it needs no lock. Work that must happen in a namespace is done through
/// `NetworkNamespaceFile.perform`.
protocol ProbeSource: AnyObject {
    /// `pcap host:veth0 in`, `nflog host`, …: how losses name it.
    var name: String { get }
    /// The namespace whose end is this source's end; nil where it serves several.
    var namespaceName: String? { get }
    /// Readable when there is something to read.
    var descriptor: Int32 { get }

    /// Takes over at most about `limit` events, without waiting.
    func read(into intake: Intake, limit: Int) -> ReadOutcome

    /// Takes a newer snapshot of its namespace.
    func learn(_ namespace: Namespace)

    /// Has hooks on both sides of all chains of its namespace, also of those that came since.
    func enclose(_ namespace: Namespace, into intake: Intake) throws

    /// Lays hooks again that somebody took away together with rules of others.
    ///
    /// - Returns: whether any were missing.
    func layAgain(into intake: Intake) throws -> Bool

    /// Has the kernel hand over no more than a sample, as far as it can choose one: the intake leaves the rest out.
    func sample(_ share: SampleShare) throws

    /// Has the kernel trace no packets through rules, or again.
    func pauseRuleTrace(_ isPaused: Bool) throws

    /// Makes the kernel hand over at once what it holds back to fill a message. Called when the run stops.
    func flush()

    /// Adds what was lost since the last call, with `Intake.loss`. Called now and then, and after the last read.
    func reportLosses(into intake: Intake)

    /// Undoes what making it did.
    func close()
}

extension ProbeSource {
    var namespaceName: String? { nil }
    func learn(_ namespace: Namespace) {}
    func enclose(_ namespace: Namespace, into intake: Intake) throws {}
    func layAgain(into intake: Intake) throws -> Bool { false }
    func sample(_ share: SampleShare) throws {}
    func pauseRuleTrace(_ isPaused: Bool) throws {}
    func flush() {}
}

enum ReadOutcome {
    /// Nothing was left when the last call returned.
    case drained
    /// There is more. Everything that happened here before `readUpTo` (nanoseconds since 1970) has been read.
    case more(readUpTo: Int64)
    /// The link or namespace is gone: a normal end.
    case ended
}
