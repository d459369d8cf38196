internal import Glibc

/// The bytes of a file or pipe, plain, gzip or zstd, as a window that moves forward: constant memory, however long.
final class ByteSource {
    let path: String
    /// Bytes given up so far, of the decompressed file.
    private(set) var offset = 0
    /// Where the compressed bytes contradict themselves.
    private(set) var failure: String?

    private let descriptor: CInt
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    private var decompressor: (any Decompressor)?

    /// Whether the bytes are there to be read: in memory or in a file, not to come by a pipe or from a terminal.
    let neverWaits: Bool

    /// Where the file is still written: what waits for more of it.
    private let following: Following?
    /// Whether the reading of it has ended before it has: what is cut off there is no damage.
    var isGivenUp: Bool { following?.hasEnded ?? false }

    /// In place of a file.
    private var memory: ArraySlice<UInt8> = []

    private static let windowBytes = 1 << 18

    /// Bytes that are in memory already.
    init(bytes: [UInt8], name: String) throws {
        path = name
        following = nil
        descriptor = -1
        neverWaits = true
        memory = bytes[...]
        buffer = .allocate(byteCount: max(64, min(bytes.count, Self.windowBytes)), alignment: 16)
        try begin()
    }

    /// `-` is standard input.
    ///
    /// - Parameter following: waits at the file's end for more of it; nil for a file that is whole.
    init(path: String, following: Following? = nil) throws {
        self.path = path
        self.following = following
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        // Before anything else fails.
        let openError = errno
        var status = stat()
        neverWaits = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        buffer = .allocate(byteCount: Self.windowBytes, alignment: 16)
        guard descriptor >= 0 else {
            throw RecordingError(path: path, reason: "cannot open: \(String(cString: strerror(openError)))")
        }
        try begin()
    }

    private func begin() throws {
        guard require(4) else {
            if let failure { throw RecordingError(path: path, reason: failure) }
            return
        }
        decompressor = try makeDecompressor(magic: Array(buffer[start..<start + 4]), path: path)
        if decompressor != nil {
            decompressor?.feed(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            start = 0
            end = 0
            isAtEnd = false
            if following != nil {
                throw RecordingError(path: path, reason: "cannot follow a compressed file: leave --follow out")
            }
        }
    }

    deinit {
        buffer.deallocate()
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether `count` bytes are there, reading on where they are not yet.
    @inline(__always)
    func require(_ count: Int) -> Bool {
        if end &- start >= count { return true }
        return fill(count)
    }

    /// The bytes that are there; valid until the next call of `require` or `skip`.
    @inline(__always)
    var window: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[start..<end]) }

    /// Bytes that are there.
    var available: Int { end - start }

    @inline(__always)
    func consume(_ count: Int) {
        start &+= count
        offset &+= count
    }

    /// Gives up `count` bytes, there or not; false where the file ends before.
    func skip(_ count: Int) -> Bool {
        var rest = count
        while rest > 0 {
            guard require(1) else { return false }
            let part = min(rest, end - start)
            consume(part)
            rest -= part
        }
        return true
    }

    private func fill(_ count: Int) -> Bool {
        if start > 0 {
            if end > start, let base = buffer.baseAddress { memmove(base, base + start, end - start) }
            end -= start
            start = 0
        }
        if count > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 2 * buffer.count), alignment: 16)
            if end > 0 { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end])) }
            buffer.deallocate()
            buffer = larger
        }
        while end < count, !isAtEnd {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
            let read: Int
            if let decompressor {
                read = decompressor.read(into: room) { [self] in readFile($0) }
                if let reason = decompressor.failure { failure = reason }
            } else {
                read = readFile(room)
            }
            if read <= 0 { isAtEnd = true } else { end += read }
        }
        return end >= count
    }

    private func readFile(_ room: UnsafeMutableRawBufferPointer) -> Int {
        if descriptor < 0 {
            let part = memory.prefix(room.count)
            room.copyBytes(from: part)
            memory = memory.dropFirst(part.count)
            return part.count
        }
        while true {
            let count = read(descriptor, room.baseAddress, room.count)
            if count == 0, let following, following.wait(at: path, descriptor) == .more { continue }
            if count >= 0 { return count }
            if errno == EINTR { continue }
            failure = "cannot read: \(String(cString: strerror(errno)))"
            return 0
        }
    }
}
