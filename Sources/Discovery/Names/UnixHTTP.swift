// Either may own what <sys/socket.h> declares, by the order in which a whole module is compiled.
internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// The least of HTTP that an engine's socket asks for: one GET, version 1.0, so that the answer ends with the
/// connection and comes in one piece (RFC 1945).
enum UnixHTTP {
    /// The body of a 200. Throws `SystemError`; EPROTO for any other answer.
    ///
    /// An engine that does not answer is given `timeoutSeconds` for each step; one that answers without end, 64 MiB.
    static func get(_ target: String, socket path: String, timeoutSeconds: Int = 2) throws -> [UInt8] {
        let attempt = "ask \(path) for \(target)"
        let connection = try connect(path, timeoutSeconds: timeoutSeconds)
        defer { close(connection) }
        let request = Array("GET \(target) HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n".utf8)
        try retryingInterrupts(attempt) { send(connection, request, request.count, Int32(MSG_NOSIGNAL)) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try retryingInterrupts(attempt) { recv(connection, &buffer, buffer.count, 0) }
            if count == 0 { break }
            answer.append(contentsOf: buffer[..<count])
            if answer.count > 64 << 20 { throw SystemError(attempt, errorNumber: EFBIG) }
        }
        guard let body = body(of: answer) else { throw SystemError(attempt, errorNumber: EPROTO) }
        return body
    }

    /// What follows the header of an answer with status 200; nil for another status or no answer at all.
    static func body(of answer: [UInt8]) -> [UInt8]? {
        let line = String(decoding: answer.prefix { $0 != 0x0d && $0 != 0x0a }, as: UTF8.self).split(separator: " ")
        guard line.count >= 2, line[0].hasPrefix("HTTP/1."), line[1] == "200" else { return nil }
        let blank = Array("\r\n\r\n".utf8)
        var end = 0
        while end + 4 <= answer.count {
            if answer[end] == 0x0d, answer[end..<end + 4].elementsEqual(blank) { return Array(answer[(end + 4)...]) }
            end += 1
        }
        return nil
    }

    private static func connect(_ path: String, timeoutSeconds: Int) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw SystemError("connect to \(path)", errorNumber: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connection = try retryingInterrupts("open a socket") {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(connection, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        do {
            try retryingInterrupts("connect to \(path)") {
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
            }
        } catch {
            close(connection)
            throw error
        }
        return connection
    }
}
