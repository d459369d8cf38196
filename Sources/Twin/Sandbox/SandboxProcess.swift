internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A program that runs in a sandbox of its own beside this process, fed and read through pipes.
///
/// It ends with everything in there when its program does, when the thread that started it ends, when this process is
/// killed, and by `end`.
public final class SandboxProcess {
    /// What it gave before it ended, or before its time was up.
    public struct Output: Sendable, Hashable {
        public var standardOutput: [UInt8]
        /// At most the first 64 kB.
        public var standardError: [UInt8]
        /// Whether the time was up before the output had ended.
        public var isLate: Bool
    }

    private let identifier: Int32
    private let input: Pipe
    private let output: Pipe
    private let errors: Pipe
    private var hasEnded = false

    /// Starts `path`, this very program where nil, with `arguments`, the first of which is its name.
    ///
    /// - Throws: `SandboxError` where no sandbox can be made; `SystemError` where no pipe can.
    public init(
        path: String? = nil, arguments: [String], environment: [String: String] = [:],
        privilege: Sandbox.Privilege = .automatic
    ) throws {
        let path = try path ?? Sandbox.ownPath()
        let userNamespace = Sandbox.makesUserNamespace(privilege)
        input = try Pipe()
        output = try Pipe()
        errors = try Pipe()
        let changed = try Sandbox.marked(environment, userNamespace: userNamespace)
        let words = arguments.map { strdup($0) } + [nil]
        let surroundings = Sandbox.merged(with: changed).map { strdup($0) } + [nil]
        defer {
            for word in words { free(word) }
            for word in surroundings { free(word) }
        }
        var step: Int32 = 0
        let descriptors = [input.reading, output.writing, errors.writing]
        let child = packetwalk_sandbox_start(path, words, surroundings, descriptors, userNamespace ? 1 : 0, &step)
        identifier = child
        guard child > 0 else {
            hasEnded = true
            throw SandboxError(step: SandboxError.Step(rawValue: step) ?? .process, errorNumber: -child)
        }
        input.closeReading()
        output.closeWriting()
        errors.closeWriting()
    }

    /// Writes `bytes` to its standard input, closes that, and reads its output up to the first newline, or until it ends,
    /// or `milliseconds` have passed.
    public func answer(to bytes: [UInt8], milliseconds: Int) throws -> Output {
        let end = monotonicMilliseconds() + Int64(milliseconds)
        var result = Output(standardOutput: [], standardError: [], isLate: false)
        var pending = bytes[...]
        for descriptor in [input.writing, output.reading, errors.reading] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        var isOpen = true
        var hasErrors = true
        while isOpen {
            let left = end - monotonicMilliseconds()
            if left <= 0 {
                result.isLate = true
                break
            }
            if pending.isEmpty { input.closeWriting() }
            var polled = [
                pollfd(fd: output.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasErrors ? errors.reading : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pending.isEmpty ? -1 : input.writing, events: Int16(POLLOUT), revents: 0),
            ]
            if poll(&polled, nfds_t(polled.count), Int32(clamping: left)) < 0, errno != EINTR { break }
            if polled[1].revents != 0 { hasErrors = read(errors.reading, into: &result.standardError, limit: 65_536) }
            if polled[0].revents != 0 {
                isOpen = read(output.reading, into: &result.standardOutput, limit: .max)
                if result.standardOutput.last == UInt8(ascii: "\n") { break }
            }
            if polled[2].revents != 0 {
                let count = pending.withUnsafeBytes { write(input.writing, $0.baseAddress, $0.count) }
                if count > 0 { pending = pending.dropFirst(count) }
                // It does not read any more: its output says why.
                if count < 0, errno != EINTR, errno != EAGAIN { pending = [] }
            }
        }
        // What it still said before it ended.
        if hasErrors { _ = read(errors.reading, into: &result.standardError, limit: 65_536) }
        return result
    }

    /// Whether there may be more.
    private func read(_ descriptor: Int32, into bytes: inout [UInt8], limit: Int) -> Bool {
        let capacity = 65_536
        let start = bytes.count
        var code: Int32 = 0
        bytes.append(contentsOf: repeatElement(0, count: capacity))
        let count = bytes.withUnsafeMutableBytes { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + start }, capacity)
            code = errno
            return count
        }
        bytes.removeLast(capacity - max(0, count))
        if bytes.count > limit { bytes.removeLast(bytes.count - limit) }
        return count > 0 || count < 0 && (code == EINTR || code == EAGAIN)
    }

    /// Ends it and everything in its sandbox. Happens by itself when the value goes.
    public func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(identifier, SIGKILL)
        while waitpid(identifier, nil, 0) < 0, errno == EINTR {}
    }

    deinit { end() }
}
