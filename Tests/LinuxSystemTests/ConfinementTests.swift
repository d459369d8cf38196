import Glibc
import Synchronization
import Testing

@testable import LinuxSystem

/// What a thread can't do any more once it is confined; the process's other threads can.
@Suite struct ConfinementTests {
    private struct Results {
        var openToRead: Int32 = 0
        var openToWrite: Int32 = 0
        var create: Int32 = 0
        var socket: Int32 = 0
        var unlink: Int32 = 0
        var signal: Int32 = 0
        var execute: Int32 = 0
        var writeToOpen = 0
        var status = ""
    }

    /// 0, or errno.
    private static func code(_ result: Int32) -> Int32 {
        let code = errno
        if result > 2 { close(result) }
        return result < 0 ? code : 0
    }

    @Test("a confined thread reads files and writes to what is open, nothing else")
    func thread() throws {
        var template = Array("/tmp/packetwalk-confined-XXXXXX".utf8CString)
        let open = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            close(open)
            unlink(path)
        }
        let results = Mutex(Results())
        let thread = try WorkerThread {
            confine()
            var found = Results()
            found.openToRead = Self.code(Glibc.open("/etc/passwd", O_RDONLY))
            found.openToWrite = Self.code(Glibc.open(path, O_WRONLY))
            found.create = Self.code(Glibc.open(path + ".new", O_RDONLY | O_CREAT, 0o600))
            found.socket = Self.code(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
            found.unlink = Self.code(Glibc.unlink(path))
            found.signal = Self.code(kill(getpid(), 0))
            found.execute = Self.code(execv("/bin/true", [nil]))
            found.writeToOpen = write(open, "x", 1)
            found.status = readText("/proc/thread-self/status") ?? ""
            results.withLock { $0 = found }
        }
        thread.join()
        let found = results.withLock { $0 }
        #expect(found.openToRead == 0 && found.writeToOpen == 1)
        #expect(found.openToWrite == EPERM && found.create == EPERM)
        #expect(found.socket == EPERM && found.unlink == EPERM && found.signal == EPERM && found.execute == EPERM)
        #expect(found.status.contains("CapEff:\t0000000000000000") && found.status.contains("NoNewPrivs:\t1"))
        // The others as before.
        #expect(Self.code(Glibc.open(path, O_WRONLY)) == 0)
        #expect(kill(getpid(), 0) == 0)
    }
}
