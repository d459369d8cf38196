internal import CLinux
internal import Glibc

/// Writes a whole file: whoever opens `path` finds the old content or the new one, never half of it.
///
/// The content goes to a file without a name, which then takes this one: where that fails, and where the process is killed,
/// nothing is left. What is no plain file (a device, a pipe) is written as it is. A new file can be read by its owner alone. Throws `SystemError`.
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
    let mode = isThere ? status.st_mode & 0o777 : 0o600
    if try writeUnnamed(content, mode: mode, to: place, path: path) { return }
    let name = temporaryName(beside: place)
    let descriptor = try retryingInterrupts("write \(path)") {
        open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    do {
        defer { close(descriptor) }
        try fill(descriptor, content, mode: mode, path: path)
        try retryingInterrupts("write \(path)") { rename(name, place) }
    } catch {
        unlink(name)
        throw error
    }
}

/// Writes to a file without a name, which takes one only when it is whole: of a process that is killed before, nothing is
/// left. Gives false where the file system, or a system without /proc, has no such files.
private func writeUnnamed(_ content: [UInt8], mode: mode_t, to place: String, path: String) throws -> Bool {
    let folder = place.lastIndex(of: "/").map { String(place[...$0]) } ?? "."
    let descriptor = packetwalk_open_unnamed(folder)
    // What is wrong with the folder itself is told by who opens a file with a name.
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    try fill(descriptor, content, mode: mode, path: path)
    let source = "/proc/self/fd/\(descriptor)"
    if linkat(AT_FDCWD, source, AT_FDCWD, place, AT_SYMLINK_FOLLOW) == 0 { return true }
    // No call replaces a file by one without a name: it takes another name for a moment.
    guard errno == EEXIST else { return false }
    let name = temporaryName(beside: place)
    guard linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else { return false }
    do {
        try retryingInterrupts("write \(path)") { rename(name, place) }
    } catch {
        unlink(name)
        throw error
    }
    return true
}

private func temporaryName(beside place: String) -> String {
    "\(place).\(getpid()).\(UInt32.random(in: .min ... .max))"
}

private func fill(_ descriptor: Int32, _ content: [UInt8], mode: mode_t, path: String) throws {
    _ = fchmod(descriptor, mode)
    try writeAll(content, to: descriptor, path: path)
    try retryingInterrupts("write \(path)") { fsync(descriptor) }
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
