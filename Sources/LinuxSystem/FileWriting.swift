internal import Glibc

/// Writes a whole file: whoever opens `path` finds the old content or the new one, never half of it.
///
/// The content goes to a file beside it, which then takes its name; where that fails nothing is left. What is no plain
/// file (a device, a pipe) is written as it is. A new file can be read by its owner alone. Throws `SystemError`.
public func writeWhole(_ content: [UInt8], to path: String) throws {
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
        let descriptor = try retryingInterrupts("open \(path)") { open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) }
        defer { close(descriptor) }
        return try writeAll(content, to: descriptor, path: path)
    }
    // Through a symbolic link the file that it leads to is replaced, not the link.
    let target = realpath(path, nil).map { pointer in
        defer { free(pointer) }
        return String(cString: pointer)
    }
    let place = target ?? path
    let name = "\(place).\(getpid()).\(UInt32.random(in: .min ... .max))"
    let descriptor = try retryingInterrupts("write \(path)") {
        open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    do {
        defer { close(descriptor) }
        if isThere { _ = fchmod(descriptor, status.st_mode & 0o777) }
        try writeAll(content, to: descriptor, path: path)
        try retryingInterrupts("write \(path)") { fsync(descriptor) }
        try retryingInterrupts("write \(path)") { rename(name, place) }
    } catch {
        unlink(name)
        throw error
    }
}

private func writeAll(_ content: [UInt8], to descriptor: Int32, path: String) throws {
    var rest = content[...]
    while !rest.isEmpty {
        let count = try retryingInterrupts("write \(path)") {
            rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
        rest = rest.dropFirst(count)
    }
}
