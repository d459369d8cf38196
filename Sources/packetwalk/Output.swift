internal import Glibc
internal import Views

/// Writes `text` to standard output at once. Throws `BrokenPipe`, or `Failure` where it can't be written.
func printOut(_ text: String) throws {
    try write(text, to: STDOUT_FILENO)
}

/// A line of the tool's own to standard error.
func complain(_ message: String) {
    try? write("packetwalk: \(visibleText(message))\n", to: STDERR_FILENO)
}

private func write(_ text: String, to descriptor: Int32) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
        } else if errno == EPIPE {
            throw BrokenPipe()
        } else if errno != EINTR && errno != EAGAIN {
            throw Failure(.cannotWrite, "cannot write the output: \(String(cString: strerror(errno)))")
        }
    }
}
