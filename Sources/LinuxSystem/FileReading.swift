internal import Glibc

/// Reads a whole file, those of /proc and /sys (whose size reads 0) too. Throws `SystemError`.
public func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = try retryingInterrupts("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    return try readToEnd(descriptor, path: path)
}

/// `readFile` for a path below the directory behind a descriptor.
public func readFile(_ path: String, below directory: Int32) throws -> [UInt8] {
    let descriptor = try retryingInterrupts("open \(path)") { openat(directory, path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    return try readToEnd(descriptor, path: path)
}

private func readToEnd(_ descriptor: Int32, path: String) throws -> [UInt8] {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = try retryingInterrupts("read \(path)") { read(descriptor, &buffer, buffer.count) }
        if count == 0 { return content }
        content.append(contentsOf: buffer[..<count])
    }
}

/// `readFile` as text without its last newline; nil where it can't be read.
public func readText(_ path: String) -> String? {
    guard var content = try? readFile(path) else { return nil }
    if content.last == UInt8(ascii: "\n") { content.removeLast() }
    return String(decoding: content, as: UTF8.self)
}

/// The names in a directory, sorted, without `.` and `..`; empty where it can't be read. Bytes that are no UTF-8 stand as
/// `String(kernelName:)` has them.
public func directoryNames(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    return takeNames(directory)
}

/// The names in the directory behind a descriptor, which stays open.
public func directoryNames(_ descriptor: Int32) -> [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let directory = fdopendir(copy) else {
        close(copy)
        return []
    }
    return takeNames(directory)
}

private func takeNames(_ directory: OpaquePointer) -> [String] {
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                String(kernelName: UnsafeBufferPointer(start: bytes, count: 256).prefix { $0 != 0 })
            }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Where a symbolic link points; nil where it can't be read.
public func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBufferPointer { pointer in
        pointer.baseAddress.map { start in
            start.withMemoryRebound(to: CChar.self, capacity: pointer.count) { readlink(path, $0, pointer.count) }
        } ?? -1
    }
    guard count >= 0 else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self)
}
