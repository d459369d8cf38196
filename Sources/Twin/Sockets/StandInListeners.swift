internal import CLinux
internal import Glibc
public import LinuxSystem
public import Network

/// Programs that listen, in a network rebuilt without them: their sockets, and one thread that takes connections and
/// answers each datagram from the address that it was sent to.
///
/// Sockets of programs that are stopped are opened and not served. Everything ends with the process.
public final class StandInListeners {
    /// What could not be opened, a sentence each. The port of a kernel's tunnel is no program's: it is taken already,
    /// and not among them.
    public private(set) var failures: [String] = []
    private var served: [StandInListener] = []

    public init() {}

    /// Opens the sockets in a namespace. Throws `SystemError` where it can't be entered.
    public func open(_ listeners: [Listener], in namespace: NetworkNamespaceFile, name: String) throws {
        guard !listeners.isEmpty else { return }
        let opened = try namespace.perform {
            // One socket of a group that shares a port takes all its packets.
            var seen: Set<[String]> = []
            var result: [(listener: StandInListener, isServed: Bool)] = []
            var failures: [String] = []
            for listener in listeners {
                let key = [
                    listener.protocol.rawValue, "\(listener.address)", "\(listener.port)", listener.device ?? "",
                ]
                guard listener.protocol == .tcp || listener.protocol == .udp, seen.insert(key).inserted else {
                    continue
                }
                do {
                    result.append((try StandInListener(listener), listener.isStopped != true))
                } catch let error as SystemError where error.errorNumber == EADDRINUSE {
                    continue
                } catch {
                    failures.append("\(error) in \(name)")
                }
            }
            return (result, failures)
        }
        served += opened.0.filter(\.isServed).map(\.listener)
        failures += opened.1
    }

    /// Starts the thread that serves them. Throws `SystemError`.
    public func serve() throws {
        guard !served.isEmpty else { return }
        let epoll = packetwalk_epoll_make()
        guard epoll >= 0 else { throw SystemError("wait for packets", errorNumber: -epoll) }
        var streams: Set<Int32> = []
        for listener in served {
            let code = packetwalk_epoll_add(epoll, listener.descriptor)
            guard code == 0 else { throw SystemError("wait for packets", errorNumber: -code) }
            if listener.isStream { streams.insert(listener.descriptor) }
        }
        let accepting = streams
        try WorkerThread { Self.serve(epoll, accepting) }.detach()
    }

    private static let answer = Array("an answer from packetwalk's twin".utf8)
    /// So many connections are kept open; the oldest is closed for the next.
    private static let connectionLimit = 512

    private static func serve(_ epoll: Int32, _ streams: Set<Int32>) {
        var ready = [Int32](repeating: 0, count: 256)
        var connections: [Int32] = []
        var next = 0
        while true {
            let count = packetwalk_epoll_wait(epoll, &ready, Int32(ready.count), -1)
            for descriptor in ready.prefix(Int(max(0, count))) {
                guard streams.contains(descriptor) else {
                    _ = packetwalk_answer_datagram(descriptor, answer, UInt32(answer.count))
                    continue
                }
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { continue }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                if connections.count < connectionLimit {
                    connections.append(connection)
                } else {
                    close(connections[next])
                    connections[next] = connection
                    next = (next + 1) % connectionLimit
                }
            }
        }
    }
}
