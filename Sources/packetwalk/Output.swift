internal import Runs
internal import Glibc
internal import Synchronization
internal import Views

/// Writes `text` to standard output at once. Throws `BrokenPipe`, or `RunError` where it can't be written.
func printOut(_ text: String) throws {
    try write(text, to: Pager.output)
}

/// A line of the tool's own to standard error; where a screen holds complaints, to the end of what it holds.
func complain(_ message: String) {
    let isHeld = heldComplaints.withLock { held in
        held?.append(message)
        return held != nil
    }
    if !isHeld { try? write("packetwalk: \(visibleText(message))\n", to: STDERR_FILENO) }
}

private let heldComplaints = Mutex<[String]?>(nil)

/// From here on complaints are kept, since a screen stands where they would be printed.
func holdComplaints() { heldComplaints.withLock { $0 = $0 ?? [] } }

/// The newest that is held.
var newestComplaint: String? { heldComplaints.withLock { $0?.last } }

/// What was held; from here on complaints are printed.
func releaseComplaints() -> [String] {
    heldComplaints.withLock { held in
        defer { held = nil }
        return held ?? []
    }
}

/// Whether nobody reads standard output any more: a pipe or a socket whose other end is closed.
var outputIsUnread: Bool {
    var polled = pollfd(fd: Pager.output, events: 0, revents: 0)
    return poll(&polled, 1, 0) > 0 && polled.revents & Int16(POLLERR) != 0
}

/// Where one of the three standard descriptors is closed the next file opened would get its number, and what is meant
/// for the user would be written there. So each is opened, standard output in such a way that writing to it fails.
func fillStandardDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
        let opened = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        if opened >= 0, opened != descriptor {
            dup2(opened, descriptor)
            close(opened)
        }
    }
}

private func write(_ text: String, to descriptor: Int32) throws {
    try write(Array(text.utf8)[...], to: descriptor)
}

/// Never waits inside write(2), so that a signal ends the waiting for a reader: see `Signals`.
func write(_ content: ArraySlice<UInt8>, to descriptor: Int32) throws {
    var bytes = content
    while !bytes.isEmpty {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&polled, 1, 250) <= 0 {
            if Signals.isWritingOver {
                let signal = Signals.name ?? "the end"
                throw RunError(.cannotWrite, "cannot write the last walks: nobody read the output since \(signal)")
            }
            continue
        }
        // A pipe that has room has it for this much (PIPE_BUF).
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, min($0.count, 4096)) }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
        } else if errno == EPIPE {
            throw BrokenPipe()
        } else if errno != EINTR && errno != EAGAIN {
            throw RunError(.cannotWrite, "cannot write the output: \(String(cString: strerror(errno)))")
        }
    }
}
