internal import Glibc

/// A file being written; `-` is standard output. Closed when it goes.
final class RecordingFile {
    let path: String
    private let descriptor: CInt
    private(set) var writtenBytes = 0

    init(path: String) throws {
        self.path = path
        if path == "-", isatty(STDOUT_FILENO) == 1 {
            throw RecordingError(path: path, reason: "standard output is a terminal: send it to a file or a program")
        }
        descriptor = path == "-" ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
    }

    deinit { _ = Glibc.close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path, errno)
            }
            offset += count
        }
        writtenBytes += bytes.count
    }

    private static func failure(_ path: String, _ number: CInt) -> RecordingError {
        RecordingError(path: path, reason: String(cString: strerror(number)))
    }
}
