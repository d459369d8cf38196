internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// A netlink socket bound to one NFLOG group of the namespace in which it was opened.
///
/// One socket, one group: the sequence numbers then count the losses of just this reader. The kernel keeps a group
/// for the socket that bound it first, so that two runs never share one.
///
/// Opened on a thread in the namespace and then handed to the reader thread: one thread at a time uses it.
final class NFLOGSocket: @unchecked Sendable {
    let descriptor: Int32
    let group: UInt16
    private let socket: OpaquePointer

    /// How messages are gathered: few for a short delay, many for a low cost each.
    struct Batching: Equatable {
        /// Messages after which the kernel hands over what it has.
        var threshold: UInt32
        /// Hundredths of a second after which it does so anyway.
        var timeout: UInt32

        /// Each message at once: the time of reading is then close to the passage's.
        static let immediate = Batching(threshold: 1, timeout: 1)
        /// For thousands of packets a second.
        static let gathered = Batching(threshold: 64, timeout: 1)
    }

    /// Opens it; to be called in the namespace (`NetworkNamespaceFile.perform`).
    ///
    /// - Parameters:
    ///   - snapLength: bytes of each packet that the kernel copies.
    ///   - firstGroup: where the search for a free group begins.
    ///   - taken: groups that rules log to, whether or not somebody listens yet: they are left alone.
    ///   - onlyGroup: this group and no other: EBUSY or EPERM where somebody else has it.
    ///   - receiveBuffer: bytes of kernel memory for messages that wait.
    /// - Throws: `SystemError`.
    init(
        snapLength: Int, firstGroup: UInt16 = 1, taken: Set<UInt16> = [], onlyGroup: UInt16? = nil,
        receiveBuffer: Int32 = 16 << 20
    ) throws {
        guard let socket = mnl_socket_open2(NETLINK_NETFILTER, Int32(SOCK_CLOEXEC.rawValue)) else {
            throw SystemError("open a netlink socket for NFLOG", errorNumber: errno)
        }
        self.socket = socket
        descriptor = mnl_socket_get_fd(socket)
        do {
            guard mnl_socket_bind(socket, 0, 0) == 0 else {
                throw SystemError("bind a netlink socket for NFLOG", errorNumber: errno)
            }
            Self.enlargeBuffer(of: descriptor, to: receiveBuffer)
            if let onlyGroup {
                try Self.bind(socket, to: onlyGroup)
                group = onlyGroup
            } else {
                group = try Self.bindFreeGroup(socket, first: firstGroup, taken: taken)
            }
            try Self.configure(socket, "set how much of each packet NFLOG copies", group: group) { message in
                _ = nflog_attr_put_cfg_mode(message, UInt8(NFULNL_COPY_PACKET), UInt32(clamping: snapLength))
                mnl_attr_put_u16(message, UInt16(NFULA_CFG_FLAGS.rawValue), UInt16(NFULNL_CFG_F_SEQ).bigEndian)
                mnl_attr_put_u32(message, UInt16(NFULA_CFG_NLBUFSIZ.rawValue), UInt32(32_768).bigEndian)
            }
            try gather(.immediate)
        } catch {
            mnl_socket_close(socket)
            throw error
        }
    }

    func close() {
        mnl_socket_close(socket)
    }

    /// Sets how messages are gathered from now on.
    func gather(_ batching: Batching) throws {
        try Self.configure(socket, "set how NFLOG gathers messages", group: group, wait: false) { message in
            mnl_attr_put_u32(message, UInt16(NFULA_CFG_QTHRESH.rawValue), batching.threshold.bigEndian)
            mnl_attr_put_u32(message, UInt16(NFULA_CFG_TIMEOUT.rawValue), batching.timeout.bigEndian)
        }
    }

    /// Lets go of the group, which makes the kernel hand over what it has gathered.
    func unbind() throws {
        try Self.configure(socket, "let go of NFLOG group \(group)", group: group, wait: false) { message in
            _ = nflog_attr_put_cfg_cmd(message, UInt8(NFULNL_CFG_CMD_UNBIND.rawValue))
        }
    }

    private static func enlargeBuffer(of descriptor: Int32, to size: Int32) {
        var size = size
        let length = socklen_t(MemoryLayout<Int32>.size)
        // Beyond net.core.rmem_max for one who may, up to it for others.
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
    }

    private static func bindFreeGroup(
        _ socket: OpaquePointer, first: UInt16, taken: Set<UInt16>
    ) throws -> UInt16 {
        var attempt: UInt16 = 0
        while true {
            // Not 0, which iptables TRACE and rules without a group log to.
            let group = max(1, first &+ attempt)
            if taken.contains(group), attempt < 1024 {
                attempt += 1
                continue
            }
            do {
                try bind(socket, to: group)
                return group
            } catch let error as SystemError
                where (error.errorNumber == EBUSY || error.errorNumber == EPERM) && attempt < 1024
            {
                // EPERM means both: another's group, and no privilege at all (nfulnl_recv_config).
                attempt += 1
            }
        }
    }

    private static func bind(_ socket: OpaquePointer, to group: UInt16) throws {
        try configure(socket, "bind NFLOG group \(group)", group: group) { message in
            _ = nflog_attr_put_cfg_cmd(message, UInt8(NFULNL_CFG_CMD_BIND.rawValue))
        }
    }

    private static func configure(
        _ socket: OpaquePointer, _ attempt: @autoclosure () -> String, group: UInt16, wait: Bool = true,
        _ fill: (UnsafeMutablePointer<nlmsghdr>) -> Void
    ) throws {
        var request = [CChar](repeating: 0, count: 512)
        let length = request.withUnsafeMutableBufferPointer { buffer -> Int in
            guard let start = buffer.baseAddress,
                let message = nflog_nlmsg_put_header(
                    start, UInt8(NFULNL_MSG_CONFIG.rawValue), UInt8(AF_UNSPEC), group)
            else { return 0 }
            message.pointee.nlmsg_flags |= wait ? UInt16(NLM_F_ACK) : 0
            fill(message)
            return Int(message.pointee.nlmsg_len)
        }
        guard mnl_socket_sendto(socket, request, length) == length else {
            throw SystemError(attempt(), errorNumber: errno)
        }
        if wait { try awaitAnswer(mnl_socket_get_fd(socket), attempt()) }
    }

    /// Reads up to the acknowledgement. Packets can stand before it only while hooks exist, which they do not yet.
    private static func awaitAnswer(_ descriptor: Int32, _ attempt: @autoclosure () -> String) throws {
        var buffer = [UInt8](repeating: 0, count: 131_072)
        for _ in 0..<1000 {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard try retryingInterrupts(attempt(), { poll(&polled, 1, 2000) }) > 0 else {
                throw SystemError(attempt(), errorNumber: ETIMEDOUT)
            }
            let count = try retryingInterrupts(attempt()) { recv(descriptor, &buffer, buffer.count, 0) }
            var answer: Int32?
            buffer.withUnsafeBytes { bytes in
                _ = NFLOGMessage.forEach(in: UnsafeRawBufferPointer(rebasing: bytes[..<count])) { part in
                    if case .answer(let code) = part { answer = code }
                }
            }
            if let answer {
                if answer != 0 { throw SystemError(attempt(), errorNumber: answer) }
                return
            }
        }
        throw SystemError(attempt(), errorNumber: ETIMEDOUT)
    }
}
