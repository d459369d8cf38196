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
    /// TCP sockets count in state 0A (LISTEN), UDP sockets in the states 07 (not connected) and 01 (connected).
    public static func parse(_ text: String, protocol name: TransportProtocol) -> [Listener] {
        let wanted: Set<Substring> = name == .tcp ? ["0A"] : ["07", "01"]
        return text.split(separator: "\n").dropFirst().compactMap { line -> Listener? in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 10, wanted.contains(fields[3]), let local = kernelSocket(fields[1]) else {
                return nil
            }
            let queues = fields[4].split(separator: ":")
            var listener = Listener(
                protocol: name, address: local.address, port: local.port,
                receiveQueue: queues.count == 2 ? UInt64(queues[1], radix: 16) ?? 0 : 0,
                drops: name == .udp && fields.count > 12 ? UInt64(fields[12]) ?? 0 : 0,
                inode: UInt64(fields[9]) ?? 0)
            if fields[3] == "01", let remote = kernelSocket(fields[2]) {
                listener.peer = Peer(remote.address, port: remote.port)
            }
            return listener
        }
    }

    /// `0100007F:0035`
    private static func kernelSocket(_ text: Substring) -> (address: IPAddress, port: UInt16)? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let address = kernelAddress(parts[0]), let port = UInt16(parts[1], radix: 16) else {
            return nil
        }
        return (address, port)
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
                let stopped = isStopped ?? isStoppedProcess(process)
                isStopped = stopped
                if stopped, holders[inode] != nil { continue }
                holders[inode] = Holder(name: readText("/proc/\(process)/comm"), isStopped: stopped)
                if !stopped { running += 1 }
            }
            if running == inodes.count { break }
        }
        return holders
    }

    private static func isStoppedProcess(_ process: String) -> Bool {
        if readText("/proc/\(process)/stat").map(isStoppedState) == true { return true }
        return freezerFiles(readText("/proc/\(process)/cgroup") ?? "").contains { file, word in
            readText(file)?.contains(word) == true
        }
    }

    /// Where it stands whether the control groups of proc_pid_cgroup(5) are frozen, as `docker pause` does it, and what stands
    /// there then: of version 2, mounted alone or beside version 1, and of that one's freezer.
    static func freezerFiles(_ groups: String) -> [(file: String, word: String)] {
        groups.split(separator: "\n").flatMap { line -> [(file: String, word: String)] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2] != "/" else { return [] }
            if parts[0] == "0" {
                return ["", "/unified"].map { ("/sys/fs/cgroup\($0)\(parts[2])/cgroup.events", "frozen 1") }
            }
            guard parts[1].split(separator: ",").contains("freezer") else { return [] }
            return [("/sys/fs/cgroup/freezer\(parts[2])/freezer.state", "FROZEN")]
        }
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
    /// Gives every listener, and every connected socket, the name of a process that holds it.
    mutating func nameListeners() {
        let inodes = namespaces.flatMap { ($0.listeners + ($0.connectedSockets ?? [])).map(\.inode) }
        let holders = Listener.holders(of: Set(inodes.filter { $0 != 0 }))
        for namespace in namespaces.indices {
            for index in namespaces[namespace].listeners.indices {
                namespaces[namespace].listeners[index].take(holders)
            }
            for index in (namespaces[namespace].connectedSockets ?? []).indices {
                namespaces[namespace].connectedSockets?[index].take(holders)
            }
        }
    }
}

extension Listener {
    fileprivate mutating func take(_ holders: [UInt64: Holder]) {
        guard let holder = holders[inode] else { return }
        let program = StandInProgram.of(inode: inode)
        process = program?.name ?? holder.name
        if program?.isStopped ?? holder.isStopped { isStopped = true }
    }
}

extension Namespace {
    /// So many connected sockets are kept: a busy server of datagrams may have any number.
    private static let connectedSocketLimit = 4096

    /// Takes the sockets of a namespace: those that take packets from anyone apart from those that are connected.
    mutating func take(_ sockets: [Listener]) {
        listeners = sockets.filter { $0.peer == nil }
        let connected = sockets.filter { $0.peer != nil }.prefix(Self.connectedSocketLimit)
        connectedSockets = connected.isEmpty ? nil : Array(connected)
    }
}
