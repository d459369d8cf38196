internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink

/// A netlink socket bound to one NFLOG group of the namespace in which it was opened.
///
/// One socket, one group: the sequence numbers then count the losses of just this reader. The kernel keeps a group
/// for the socket that bound it first, so that two runs never share one.
final class NFLOGSocket: Sendable {
    let group: UInt16
    private let socket: NetlinkSocket

    var descriptor: Int32 { socket.descriptor }

    /// How messages are gathered: few for a short delay, many for a low cost each.
    struct Batching: Equatable {
        /// Messages after which the kernel hands over what it has.
        var threshold: UInt32
        /// Hundredths of a second after which it does so anyway.
        var timeout: UInt32
        /// Bytes that the kernel sets apart for what it hands over, each time; more for a longer message.
        var size: UInt32

        /// Each message at once: the time of reading is then close to the passage's.
        static let immediate = Batching(threshold: 1)

        /// - Parameter threshold: 1 to 128.
        private init(threshold: UInt32) {
            self.threshold = threshold
            timeout = 1
            // A message of 256 bytes of a packet has less than 512.
            size = max(1024, threshold * 512)
        }

        /// As many messages together as come in a millisecond, so that they are no later for it; where the rate has gone
        /// down somewhat, as many as before.
        func following(perSecond: Int) -> Batching {
            var fitting: UInt32 = 1
            while fitting < 128, Int(fitting) * 2000 <= perSecond { fitting *= 2 }
            return fitting > threshold || fitting * 2 < threshold ? Batching(threshold: fitting) : self
        }
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
        socket = try NetlinkSocket(.netfilter, bufferBytes: receiveBuffer)
        var conversation = NetlinkConversation(socket)
        if let onlyGroup {
            try Self.bind(&conversation, to: onlyGroup)
            group = onlyGroup
        } else {
            group = try Self.bindFreeGroup(&conversation, first: firstGroup, taken: taken)
        }
        var request = Self.configuration(of: group, flags: NLM_F_ACK)
        // struct nfulnl_msg_config_mode: the bytes that are copied, the mode, padding.
        let length = withUnsafeBytes(of: UInt32(clamping: snapLength).bigEndian) { Array($0) }
        request.append(NFULA_CFG_MODE.rawValue, bytes: length + [UInt8(NFULNL_COPY_PACKET), 0])
        request.append(NFULA_CFG_FLAGS.rawValue, network: UInt16(NFULNL_CFG_F_SEQ))
        try conversation.ask(request, "set how much of each packet NFLOG copies")
        try gather(.immediate)
    }

    func close() { socket.close() }

    /// Sets how messages are gathered from now on.
    func gather(_ batching: Batching) throws {
        var request = Self.configuration(of: group)
        request.append(NFULA_CFG_QTHRESH.rawValue, network: batching.threshold)
        request.append(NFULA_CFG_TIMEOUT.rawValue, network: batching.timeout)
        request.append(NFULA_CFG_NLBUFSIZ.rawValue, network: batching.size)
        try send(request)
    }

    /// Releases the group, which makes the kernel hand over what it has gathered.
    func unbind() throws {
        var request = Self.configuration(of: group)
        request.append(NFULA_CFG_CMD.rawValue, UInt8(NFULNL_CFG_CMD_UNBIND.rawValue))
        try send(request)
    }

    /// Without waiting for an answer: packets may stand before it.
    private func send(_ request: NetlinkRequest) throws {
        try socket.send(request.bytes(sequence: 0, port: socket.portIdentifier))
    }

    private static func bindFreeGroup(
        _ conversation: inout NetlinkConversation, first: UInt16, taken: Set<UInt16>
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
                try bind(&conversation, to: group)
                return group
            } catch let error as SystemError
                where (error.errorNumber == EBUSY || error.errorNumber == EPERM) && attempt < 1024
            {
                // EPERM means both: another's group, and no privilege at all (nfulnl_recv_config).
                attempt += 1
            }
        }
    }

    private static func bind(_ conversation: inout NetlinkConversation, to group: UInt16) throws {
        var request = configuration(of: group, flags: NLM_F_ACK)
        request.append(NFULA_CFG_CMD.rawValue, UInt8(NFULNL_CFG_CMD_BIND.rawValue))
        try conversation.ask(request, "bind NFLOG group \(group)")
    }

    private static func configuration(of group: UInt16, flags: Int32 = 0) -> NetlinkRequest {
        NetlinkRequest(
            subsystem: NFNL_SUBSYS_ULOG, message: NFULNL_MSG_CONFIG.rawValue, flags: flags, resource: group)
    }
}
