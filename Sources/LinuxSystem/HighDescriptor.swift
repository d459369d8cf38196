internal import Glibc

/// `descriptor`, moved to 1024 or above where the limit allows it (RLIMIT_NOFILE): the low ones are for libraries that
/// wait with select(2), which knows no others. There can be hundreds of what is moved.
public func highDescriptor(_ descriptor: Int32) -> Int32 {
    let high = fcntl(descriptor, F_DUPFD_CLOEXEC, 1024)
    if high < 0 { return descriptor }
    close(descriptor)
    return high
}
