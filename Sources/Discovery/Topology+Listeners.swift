internal import Netlink
public import Network
internal import CNetlink
internal import LinuxSystem
internal import Wire

extension Listener {
    /// The listeners of the calling thread's namespace. Call it inside `NetworkNamespaceFile.perform`.
    ///
    /// Asks over NETLINK_SOCK_DIAG (sock_diag(7)); where the kernel has no such module, reads
    /// `/proc/thread-self/net/{tcp,tcp6,udp,udp6}` (proc_pid_net(5)), which walks the connections of all namespaces and
    /// costs some 3 ms each time. What can't be read counts as empty.
    ///
    /// - Parameter names: the namespace's devices by their index.
    static func ofThisNamespace(names: DeviceNames) -> [Listener] {
        if let channel = try? NetlinkSocket(.socketDiagnosis) {
            var conversation = NetlinkConversation(channel)
            if let listeners = try? conversation.listeners(names: names) { return listeners }
        }
        var listeners: [Listener] = []
        for name in ["tcp", "tcp6", "udp", "udp6"] {
            guard let text = readText("/proc/thread-self/net/\(name)") else { continue }
            listeners += parse(text, protocol: TransportProtocol(rawValue: String(name.prefix(3))))
        }
        return listeners
    }

    /// Reads the text of one of those files.
    ///
    /// TCP sockets count in state 0A (LISTEN), UDP sockets in state 07 (not connected).
    public static func parse(_ text: String, protocol name: TransportProtocol) -> [Listener] {
        let wanted = name == .tcp ? "0A" : "07"
        return text.split(separator: "\n").dropFirst().compactMap { line -> Listener? in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 10, fields[3] == wanted else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, let address = kernelAddress(local[0]), let port = UInt16(local[1], radix: 16) else {
                return nil
            }
            let queues = fields[4].split(separator: ":")
            return Listener(
                protocol: name, address: address, port: port,
                receiveQueue: queues.count == 2 ? UInt64(queues[1], radix: 16) ?? 0 : 0,
                drops: name == .udp && fields.count > 12 ? UInt64(fields[12]) ?? 0 : 0,
                inode: UInt64(fields[9]) ?? 0)
        }
    }

    /// An address as those files print it: 32-bit words in the machine's byte order.
    private static func kernelAddress(_ text: Substring) -> IPAddress? {
        guard text.utf8.count == 8 || text.utf8.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
            rest = rest.dropFirst(8)
        }
        return IPAddress(bytes: bytes)
    }

    /// A process that holds a socket.
    struct Holder: Sendable, Hashable {
        /// `/proc/PID/comm`.
        var name: String?
        /// Whether it, and every other that holds the socket, is stopped.
        var isStopped: Bool
    }

    /// The processes that hold the sockets with these inodes, from one pass over `/proc/PID/fd`.
    ///
    /// Only the caller's own processes, unless it is root. Costs a readlink for each open descriptor of the machine; ends
    /// where every socket has a holder that runs.
    static func holders(of inodes: Set<UInt64>) -> [UInt64: Holder] {
        var holders: [UInt64: Holder] = [:]
        var running = 0
        guard !inodes.isEmpty else { return holders }
        for process in directoryNames("/proc") where process.utf8.allSatisfy({ (48...57).contains($0) }) {
            var isStopped: Bool?
            for descriptor in directoryNames("/proc/\(process)/fd") {
                guard let target = linkTarget("/proc/\(process)/fd/\(descriptor)"), target.hasPrefix("socket:["),
                    let inode = UInt64(target.dropFirst(8).dropLast()), inodes.contains(inode),
                    holders[inode]?.isStopped ?? true
                else { continue }
                let stopped = isStopped ?? readText("/proc/\(process)/stat").map(isStoppedState) ?? false
                isStopped = stopped
                if stopped, holders[inode] != nil { continue }
                holders[inode] = Holder(name: readText("/proc/\(process)/comm"), isStopped: stopped)
                if !stopped { running += 1 }
            }
            if running == inodes.count { break }
        }
        return holders
    }

    /// Whether a line of proc_pid_stat(5) says `T` or `t`: the state stands behind the name, which may hold anything.
    static func isStoppedState(_ line: String) -> Bool {
        guard let end = line.utf8.lastIndex(of: UInt8(ascii: ")")) else { return false }
        return ["T", "t"].contains(line[end...].dropFirst(2).prefix(1))
    }
}

extension SocketUse {
    /// Of the calling thread's namespace. Call it inside `NetworkNamespaceFile.perform`.
    static func ofThisNamespace() -> SocketUse? {
        SocketUse(
            parsing: ["sockstat", "sockstat6"].compactMap { readText("/proc/thread-self/net/\($0)") }
                .joined(separator: "\n"))
    }
}

extension Topology {
    /// Gives every listener the name of a process that holds it.
    mutating func nameListeners() {
        let holders = Listener.holders(
            of: Set(namespaces.flatMap { $0.listeners.map(\.inode) }.filter { $0 != 0 }))
        for namespace in namespaces.indices {
            for listener in namespaces[namespace].listeners.indices {
                guard let holder = holders[namespaces[namespace].listeners[listener].inode] else { continue }
                namespaces[namespace].listeners[listener].process = holder.name
                if holder.isStopped { namespaces[namespace].listeners[listener].isStopped = true }
            }
        }
    }
}
