internal import Glibc
internal import LinuxSystem

/// The tool's side of a `HookGuardian`.
final class GuardianProcess {
    private let child: ChildProcess
    private let pipe: Pipe
    private var isRunning = true

    /// Starts it and waits until it is ready to remove what `journal` tells of.
    init(command: [String], journal: HookJournal) throws {
        let attempt = "start the guardian that removes the hooks"
        let pipe = try Pipe()
        let answer = try Pipe()
        child = try Command(command).start(input: pipe.reading, output: answer.writing, newGroup: true)
        self.pipe = pipe
        pipe.closeReading()
        answer.closeWriting()
        guard writeAll(try journal.encoded() + [UInt8(ascii: "\n")], to: pipe.writing) else {
            throw SystemError(attempt, errorNumber: EPIPE)
        }
        var reply = [UInt8](repeating: 0, count: 16)
        var polled = pollfd(fd: answer.reading, events: Int16(POLLIN), revents: 0)
        guard try retryingInterrupts(attempt, { poll(&polled, 1, 10_000) }) > 0 else {
            throw SystemError(attempt, errorNumber: ETIMEDOUT)
        }
        let count = try retryingInterrupts(attempt) { read(answer.reading, &reply, reply.count) }
        guard reply[..<count].elementsEqual("ready\n".utf8) else { throw SystemError(attempt, errorNumber: ECHILD) }
    }

    deinit { _ = finish() }

    /// A descriptor whose last holder's end sets the guardian to work.
    var witness: Int32 { pipe.writing }

    /// Lets it do its work, and waits for it.
    ///
    /// - Returns: whether it says that everything was removed.
    func finish() -> Bool {
        guard isRunning else { return true }
        isRunning = false
        pipe.closeWriting()
        return (try? child.wait()) == 0
    }
}
