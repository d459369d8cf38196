internal import Glibc

/// libnftables waits with select(2), which knows no descriptor from `FD_SETSIZE` on: glibc ends the process at the
/// first. So the low ones are kept for it, and what there are hundreds of stands above.
public enum LowDescriptors {
    /// FD_SETSIZE of select(2).
    static let end: Int32 = 1024
    private static let reserved: Int32 = 960

    /// Runs `body` while nothing that it opens gets a low descriptor. Where the limit leaves no room above, it just
    /// runs it.
    public static func spared<Value>(_ body: () throws -> Value) rethrows -> Value {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur >= 4096 else {
            return try body()
        }
        var taken: [Int32] = []
        defer { for descriptor in taken { close(descriptor) } }
        var next = open("/dev/null", O_RDONLY | O_CLOEXEC)
        while next >= 0 {
            taken.append(next)
            if next >= reserved { break }
            next = fcntl(next, F_DUPFD_CLOEXEC, 0)
        }
        return try body()
    }

    /// The lowest descriptor that is free; nil where it is not a low one.
    public static var lowest: Int32? {
        let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { if next >= 0 { close(next) } }
        // A library may open a second one beside the first.
        return next >= 0 && next < end - 16 ? next : nil
    }
}
