import Glibc
import LinuxSystem
import Testing

@Suite struct NetworkNamespaceFileTests {
    @Test func `this process's namespace has the number that its link shows`() throws {
        let file = try NetworkNamespaceFile.current()
        #expect(linkTarget("/proc/self/ns/net") == "net:[\(file.inode)]")
        #expect(file.isInPlace)
    }

    @Test func `a path that leads nowhere is an error`() {
        #expect(throws: SystemError("open /run/netns/no-such", errorNumber: ENOENT)) {
            try NetworkNamespaceFile(path: "/run/netns/no-such")
        }
    }

    @Test func `a file that has gone is no longer in place`() throws {
        var template = Array("/tmp/packetwalk-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
        let file = try NetworkNamespaceFile(path: path)
        #expect(file.isInPlace)
        unlink(path)
        #expect(!file.isInPlace)
    }

    @Test(.enabled(if: Capability.systemAdministration.isEffective, "entering a namespace takes CAP_SYS_ADMIN"))
    func `work runs in the namespace, and the caller stays where it was`() throws {
        let own = try NetworkNamespaceFile.current()
        let child = try Command(["/usr/bin/unshare", "--net", "/bin/sleep", "100"]).start()
        defer {
            child.signal(SIGKILL)
            _ = try? child.wait()
        }
        // Until unshare(1) has made the namespace, the path leads to ours.
        var other = own
        for _ in 0..<500 where other.inode == own.inode {
            usleep(10_000)
            other = try NetworkNamespaceFile(path: "/proc/\(child.identifier)/ns/net")
        }
        try #require(other.inode != own.inode)
        let seen = try other.perform { linkTarget("/proc/thread-self/ns/net") }
        #expect(seen == "net:[\(other.inode)]")
        #expect(linkTarget("/proc/thread-self/ns/net") == "net:[\(own.inode)]")
        #expect(throws: SystemError("x", errorNumber: 5)) {
            try other.perform { throw SystemError("x", errorNumber: 5) }
        }
    }
}
