internal import CLinux
internal import Glibc
public import LinuxSystem
public import Network

/// Programs that listen, in a network rebuilt without them: their sockets, and one thread that takes connections and
/// answers each datagram from the address that it was sent to.
///
/// Sockets of programs that are stopped are opened and not served, and those that take no more. Everything ends with the process.
public final class StandInListeners {
    /// What could not be opened, a sentence each. The port of a kernel's tunnel is no program's: it is taken already,
    /// and not among them.
    public private(set) var failures: [String] = []
    private var served: [StandInListener] = []
    /// Nobody takes what comes there.
    private var idle: [Idle] = []
    private var epoll: Int32 = -1

    private struct Idle {
        var listener: Listener
        var socket: StandInListener
        var namespace: String
    }

    public init() {}

    /// Opens sockets that take no more, and fills them, in a namespace that has neither rules nor devices yet but a loopback device,
    /// with their addresses. Throws `SystemError` where the namespace can't be entered.
    public func openFull(_ listeners: [Listener], in namespace: NetworkNamespaceFile, name: String) throws {
        let (opened, failed) = try namespace.perform {
            Self.opened(listeners, in: name) { listener in
                let socket = try StandInListener(listener, bindsToDevice: false)
                try socket.fill(like: listener, Self.answer)
                return socket
            }
        }
        idle += opened.map { Idle(listener: $0, socket: $1, namespace: name) }
        failures += failed
    }

    /// Binds those to their devices, which are there now. Throws `SystemError` where the namespace can't be entered.
    public func bindFull(in namespace: NetworkNamespaceFile, name: String) throws {
        let bound = idle.filter { $0.namespace == name && $0.listener.device != nil }
        guard !bound.isEmpty else { return }
        failures += try namespace.perform {
            bound.compactMap { idle -> String? in
                guard let device = idle.listener.device else { return nil }
                do {
                    try idle.socket.bindToDevice(device, "\(idle.listener.protocol) port \(idle.listener.port)")
                    return nil
                } catch {
                    return "\(error) in \(name)"
                }
            }
        }
    }

    /// Opens the sockets in a namespace. Throws `SystemError` where it can't be entered.
    public func open(_ listeners: [Listener], in namespace: NetworkNamespaceFile, name: String) throws {
        guard !listeners.isEmpty else { return }
        let (opened, failed) = try namespace.perform {
            Self.opened(listeners, in: name) { try StandInListener($0) }
        }
        for (listener, socket) in opened {
            if listener.isStopped == true {
                idle.append(Idle(listener: listener, socket: socket, namespace: name))
            } else {
                served.append(socket)
            }
        }
        failures += failed
    }

    /// One socket of a group that shares a port takes all its packets.
    private static func opened(
        _ listeners: [Listener], in name: String, _ open: (Listener) throws -> StandInListener
    ) -> (opened: [(Listener, StandInListener)], failures: [String]) {
        var seen: Set<[String]> = []
        var opened: [(Listener, StandInListener)] = []
        var failures: [String] = []
        for listener in listeners {
            guard listener.protocol == .tcp || listener.protocol == .udp, seen.insert(listener.place).inserted else {
                continue
            }
            do {
                opened.append((listener, try open(listener)))
            } catch let error as SystemError where error.errorNumber == EADDRINUSE {
                continue
            } catch {
                failures.append("\(error) in \(name)")
            }
        }
        return (opened, failures)
    }

    /// Starts the thread that serves them. Throws `SystemError`.
    public func serve() throws {
        guard !served.isEmpty || !idle.isEmpty else { return }
        epoll = packetwalk_epoll_make()
        guard epoll >= 0 else { throw SystemError("wait for packets", errorNumber: -epoll) }
        for listener in served { try serve(listener) }
        let streams = Set((served + idle.map(\.socket)).filter(\.isStream).map(\.descriptor))
        let waiting = epoll
        try WorkerThread { Self.serve(waiting, streams) }.detach()
    }

    /// From now on somebody takes what comes to a port of a namespace, and what waits there. Gives whether nobody did. Throws
    /// `SystemError`.
    public func begin(_ protocol: TransportProtocol, port: UInt16, in namespace: String) throws -> Bool {
        let chosen = idle.filter {
            $0.namespace == namespace && $0.listener.protocol == `protocol` && $0.listener.port == port
        }
        for one in chosen {
            one.socket.note(StandInProgram(name: one.listener.process, isStopped: false))
            try serve(one.socket)
            // What waits is taken before anything is sent.
            try one.socket.awaitEmptyQueue()
        }
        return !chosen.isEmpty
    }

    private func serve(_ listener: StandInListener) throws {
        let code = packetwalk_epoll_add(epoll, listener.descriptor)
        guard code == 0 else { throw SystemError("wait for packets", errorNumber: -code) }
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
