internal import Connections
internal import LinuxSystem
internal import Network
internal import Runs
internal import Synchronization
internal import Views
internal import WalkModel

/// The live screen on a thread of its own: it is drawn and answers keys whatever the run is busy with.
///
/// The run leaves its newest state here, and the thread takes it before it draws. Neither waits for the other longer than
/// it takes to hand over one value.
final class LiveDisplay: Sendable {
    /// What a run has found so far. Its arrays are shared with the run's, not copied.
    struct State: Sendable {
        var rows: [ConnectionRow] = []
        var causes: [CauseSum] = []
        var topology: Topology?
        var packets: UInt64 = 0
        var connections: UInt64 = 0
        var failed: UInt64 = 0
        /// How far the stream has come, in nanoseconds since 1970; `.min` before its first packet.
        var watermark = Int64.min
        /// One packet of so many is looked at; nil for every one.
        var sampledOneOf: UInt32?
        /// Nothing more comes.
        var hasEnded = false
    }

    private struct Mailbox: Sendable {
        var state: State?
        var isToEnd = false
        var error: (any Error)?
    }

    /// What only the thread touches while it runs.
    private struct Parts {
        let terminal: LiveTerminal
        var screen: LiveScreen
        var state = State()
        var elapsedSeconds: Int64 = 0
        var nextDrawing: Int64 = 0
        var hasLeft = false
        var toldNote: String?
    }

    private let mailbox = Mutex(Mailbox())
    private let parts: Mutex<Parts>
    private let thread = Mutex<WorkerThread?>(nil)
    private let leaving: LiveLeaving
    private let watched: String
    private let began = monotonicMilliseconds()

    /// The screen is drawn at least so often, whether or not there is anything new.
    private static let drawingMilliseconds: Int64 = 400
    /// Signals and new states are looked for so often; a key is answered at once.
    private static let waitMilliseconds: Int32 = 20
    /// Rows that are older than this are called so, in seconds.
    private static let lagSeconds: Int64 = 3

    /// Takes the terminal, and begins to draw.
    ///
    /// - Parameters:
    ///   - watched: `22 namespaces, 64 links`.
    ///   - leaving: is told when the user leaves.
    /// - Throws: `RunError`, `SystemError`.
    init(watched: String, topology: Topology, options: RenderOptions, leaving: LiveLeaving) throws {
        self.watched = watched
        self.leaving = leaving
        let terminal = try LiveTerminal()
        let size = terminal.size
        var screen = LiveScreen(options: options, height: size.rows)
        screen.resize(columns: size.columns, height: size.rows)
        parts = Mutex(Parts(terminal: terminal, screen: screen, state: State(topology: topology)))
        let started = try WorkerThread { [weak self] in self?.run() }
        thread.withLock { $0 = started }
    }

    /// The newest state of the run. It is drawn soon.
    func show(_ state: State) { mailbox.withLock { $0.state = state } }

    /// Ends the drawing, and puts the terminal back. Throws what the terminal did.
    func close() throws {
        mailbox.withLock { $0.isToEnd = true }
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        parts.withLock { $0.terminal.close() }
        let error = mailbox.withLock { mailbox in
            defer { mailbox.error = nil }
            return mailbox.error
        }
        if let error { throw error }
    }

    // MARK: On the thread

    private func run() {
        do {
            while !mailbox.withLock(\.isToEnd) {
                guard try parts.withLock({ try serve(&$0) }) else { break }
            }
        } catch {
            mailbox.withLock { $0.error = error }
        }
        // Nothing more can be shown: the run has no more to do.
        if !mailbox.withLock(\.isToEnd) { leaving.leave() }
    }

    /// Waits for a key, looks at signals and at what the run has left, and draws where something is due. Gives false once the
    /// terminal is gone.
    private func serve(_ parts: inout Parts) throws -> Bool {
        let newest = mailbox.withLock { mailbox in
            defer { mailbox.state = nil }
            return mailbox.state
        }
        var isDue = newest != nil || monotonicMilliseconds() >= parts.nextDrawing
        if isDue { refresh(&parts, newest) }
        if try parts.terminal.serveSignals() {
            let size = parts.terminal.size
            parts.screen.resize(columns: size.columns, height: size.rows)
            isDue = true
        }
        guard let keys = parts.terminal.keys(waitMilliseconds: isDue ? 0 : Self.waitMilliseconds) else { return false }
        for key in keys {
            switch parts.screen.press(key) {
            case .quit:
                parts.hasLeft = true
                leaving.leave()
                refresh(&parts, nil)
            case .redraw: parts.terminal.forget()
            case .copy(let text): try parts.terminal.copy(text)
            case nil: break
            }
        }
        if isDue || !keys.isEmpty {
            try parts.terminal.draw(parts.screen.lines)
            parts.nextDrawing = monotonicMilliseconds() + Self.drawingMilliseconds
        }
        return true
    }

    private func refresh(_ parts: inout Parts, _ newest: State?) {
        if let newest { parts.state = newest }
        let state = parts.state
        var facts = LiveScreen.Facts(
            watched: watched, packets: state.packets, connections: state.connections, failed: state.failed,
            hasEnded: state.hasEnded, sampledOneOf: state.sampledOneOf, note: note(&parts))
        if !state.hasEnded {
            parts.elapsedSeconds = (monotonicMilliseconds() - began) / 1000
            let lag = state.watermark > .min ? (realTimeNanoseconds() - state.watermark) / 1_000_000_000 : 0
            facts.lagSeconds = lag >= Self.lagSeconds ? lag : 0
        }
        facts.elapsedSeconds = parts.elapsedSeconds
        if let newest {
            parts.screen.show(rows: newest.rows, causes: newest.causes, facts: facts, topology: newest.topology)
        } else {
            parts.screen.show(facts)
        }
    }

    /// What the run has to say of itself, once.
    private func note(_ parts: inout Parts) -> String? {
        if parts.hasLeft, !parts.state.hasEnded { return "ending the run" }
        let newest = newestComplaint
        defer { parts.toldNote = newest }
        return newest == parts.toldNote ? nil : newest
    }
}
