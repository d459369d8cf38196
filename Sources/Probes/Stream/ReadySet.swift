internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The descriptors that the reader thread waits on: epoll(7).
final class ReadySet {
    private let epoll: Int32
    /// As many as are watched: one that a full answer left out could be read too late for its place in the stream.
    private var ready = [Int32](repeating: -1, count: 256)
    private var count = 0

    init() throws {
        epoll = packetwalk_epoll_make()
        if epoll < 0 { throw SystemError("make an epoll descriptor", errorNumber: -epoll) }
    }

    deinit { close(epoll) }

    func add(_ descriptor: Int32) throws {
        let code = packetwalk_epoll_add(epoll, descriptor)
        if code < 0 { throw SystemError("watch a descriptor", errorNumber: -code) }
        count += 1
        if count > ready.count { ready += [Int32](repeating: -1, count: ready.count) }
    }

    func remove(_ descriptor: Int32) {
        packetwalk_epoll_remove(epoll, descriptor)
        count -= 1
    }

    /// Those with something to read, once there is one or the time has passed.
    func wait(timeoutMilliseconds: Int32) -> ArraySlice<Int32> {
        let count = packetwalk_epoll_wait(epoll, &ready, Int32(ready.count), timeoutMilliseconds)
        return ready.prefix(Int(max(0, count)))
    }
}
