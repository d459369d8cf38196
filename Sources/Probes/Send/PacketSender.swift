internal import CLinux
internal import CNetlink
internal import Glibc
public import LinuxSystem
public import Observations
internal import Wire

/// Sends one packet through an ordinary socket of a namespace, and hears what comes back to that socket.
///
/// The kernel sends it as it would for any program: its own routing, source choice and hooks apply. An echo uses a raw
/// ICMP socket (CAP_NET_RAW), TCP a connect(2), UDP a connected socket. Errors that arrive later by ICMP or from the
/// neighbour table come through the socket too.
public final class PacketSender {
    /// What the sender got to know.
    public enum Answer: Sendable, Hashable {
        /// An echo reply, an accepted connection, or a datagram.
        case answered
        /// ECONNREFUSED, EHOSTUNREACH, …: the answer was an error.
        case error(Int32)
        /// Nothing within the time.
        case none
    }

    public let request: PacketRequest
    /// As sent; the source is unspecified where the kernel found none.
    public private(set) var tuple: FlowTuple
    /// Whether an ICMP message told of the error that `Answer.error` gives, and not the kernel of the sender or the far
    /// end itself.
    public private(set) var hasICMPError = false
    private let namespaceName: String
    var descriptor: Int32
    private let identifier: UInt16
    private let device: String?
    private let label: PacketLabel?

    /// Opens the socket in `namespace`. Throws `SystemError`.
    ///
    /// - Parameter label: by which the packet is recognised where it arrives; for TCP that needs CAP_NET_ADMIN.
    public init(
        _ request: PacketRequest, in namespace: NetworkNamespaceFile, name: String, label: PacketLabel? = nil
    ) throws {
        self.request = request
        self.label = label
        self.namespaceName = name
        identifier = request.kind == .echo ? request.sourcePort ?? .random(in: 1...UInt16.max) : 0
        let family = request.destination.isIPv4 ? AF_INET : AF_INET6
        let type: Int32
        let transport: Int32
        switch request.kind {
        case .echo:
            type = Int32(SOCK_RAW.rawValue)
            transport = request.destination.isIPv4 ? Int32(IPPROTO_ICMP) : Int32(IPPROTO_ICMPV6)
        case .tcp:
            type = Int32(SOCK_STREAM.rawValue)
            transport = 0
        case .udp:
            type = Int32(SOCK_DGRAM.rawValue)
            transport = 0
        }
        let needsDevice = request.device == nil && request.destination == IPAddress(ipv4: .max)
        device = needsDevice ? try namespace.perform { Self.onlyBroadcastDevice() } : request.device
        let (user, group) = (request.user.map(Int64.init) ?? -1, request.group.map(Int64.init) ?? -1)
        descriptor = try namespace.perform {
            // The thread ends with this block, and whose it was with it.
            let code = packetwalk_open_sockets_as(user, group)
            if code < 0 {
                throw SystemError("open a socket as user \(user), group \(group) in \(name)", errorNumber: -code)
            }
            return try retryingInterrupts("open a socket in \(name)") {
                socket(family, type | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), transport)
            }
        }
        tuple = FlowTuple(
            source: request.source ?? Self.unspecified(like: request.destination), destination: request.destination,
            sourcePort: request.kind == .echo ? identifier : request.sourcePort ?? 0,
            destinationPort: request.kind == .echo ? identifier : request.destinationPort,
            ipProtocol: request.ipProtocol)
        do { try setOptions() } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    private static func unspecified(like address: IPAddress) -> IPAddress {
        address.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
    }

    private func setOptions() throws {
        let isIPv4 = request.destination.isIPv4
        let level = isIPv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
        try set(level, isIPv4 ? IP_RECVERR : IPV6_RECVERR, 1)
        if let label, request.kind.isTCP { try setSequence(label.sequence) }
        if let ttl = request.ttl {
            try set(level, isIPv4 ? IP_TTL : IPV6_UNICAST_HOPS, Int32(ttl))
            // Multicast has one of its own, 1 where nobody sets it (ip(7), ipv6(7)).
            if request.destination.isMulticast {
                try set(level, isIPv4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, Int32(ttl))
            }
        }
        // Nobody is refused for it: the permission counts for broadcast addresses alone.
        if isIPv4, !request.kind.isTCP { try set(SOL_SOCKET, SO_BROADCAST, 1) }
        if let device { try bindToDevice(device) }
        if request.dontFragment {
            try set(
                level, isIPv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, isIPv4 ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE)
        }
        if let mark = request.mark { try set(SOL_SOCKET, SO_MARK, Int32(bitPattern: mark)) }
        let port = request.kind == .echo ? nil : request.sourcePort
        guard request.source != nil || port != nil else { return }
        // A connection in TIME_WAIT may hold the port.
        if port != nil { try set(SOL_SOCKET, SO_REUSEADDR, 1) }
        let source = request.source ?? Self.unspecified(like: request.destination)
        let failed = Self.withSocketAddress(source, port: port ?? 0) { bind(descriptor, $0, $1) } != 0
        if failed {
            let words = [request.source.map { "\($0)" }, port.map { "port \($0)" }].compactMap(\.self)
            throw SystemError("send from \(words.joined(separator: " ")) in \(namespaceName)", errorNumber: errno)
        }
    }

    /// The connection's first sequence number, as programs that restore connections set it (TCP_REPAIR).
    private func setSequence(_ number: UInt32) throws {
        let sendQueue: Int32 = 2  // TCP_SEND_QUEUE
        try set(Int32(IPPROTO_TCP), TCP_REPAIR, 1)
        try set(Int32(IPPROTO_TCP), TCP_REPAIR_QUEUE, sendQueue)
        try set(Int32(IPPROTO_TCP), TCP_QUEUE_SEQ, Int32(bitPattern: number))
        try set(Int32(IPPROTO_TCP), TCP_REPAIR, 0)
    }

    /// The one device of the calling thread's namespace that can broadcast and is up: 255.255.255.255 has no route of its
    /// own, so that DHCP clients name their device. Nil where there are several, or none.
    private static func onlyBroadcastDevice() -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var names: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            let wanted = UInt32(IFF_UP | IFF_BROADCAST)
            if entry.ifa_flags & wanted == wanted { names.insert(String(cString: entry.ifa_name)) }
            next = entry.ifa_next
        }
        return names.count == 1 ? names.first : nil
    }

    /// SO_BINDTODEVICE takes the device's name.
    private func bindToDevice(_ device: String) throws {
        let name = Array(device.utf8) + [0]
        try retryingInterrupts("send by \(device) in \(namespaceName)") {
            setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count))
        }
    }

    private func set(_ level: Int32, _ name: Int32, _ value: Int32) throws {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        try retryingInterrupts("set up a socket in \(namespaceName)") {
            setsockopt(descriptor, level, name, &value, size)
        }
    }

    /// Sends it. Gives the failure where nothing could leave.
    public func send() -> SendFailure? {
        var code: Int32 = 0
        let failed = Self.withSocketAddress(request.destination, port: request.destinationPort) {
            connect(descriptor, $0, $1)
        }
        if failed != 0, errno != EINPROGRESS { code = errno }
        learnAddresses()
        if code == 0 {
            switch request.kind {
            case .tcp: break
            case .udp:
                let payload = [UInt8](repeating: 0x70, count: request.payloadLength ?? 32)
                code = transmit(label?.labelled(payload) ?? payload)
            case .echo: code = transmit(echo())
            }
        }
        guard code != 0 else { return nil }
        return SendFailure(
            timeNanoseconds: now(), namespace: namespaceName, tuple: tuple, errorNumber: code,
            message: String(cString: strerror(code)))
    }

    /// Sends the label as data, over a TCP connection that was accepted.
    public func sendData() {
        guard let label, request.kind.isTCP else { return }
        _ = Glibc.send(descriptor, label.bytes, label.bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    private func transmit(_ bytes: [UInt8]) -> Int32 {
        var foreign = 0
        while true {
            let count = Glibc.send(descriptor, bytes, bytes.count, 0)
            if count >= 0 { return 0 }
            let code = errno
            if code == EINTR { continue }
            // A raw socket is told of the errors of others' packets, too, and told so instead of sending.
            guard request.kind == .echo, foreign < 100, takeErrors().foreign > 0 else { return code }
            foreign += 1
        }
    }

    /// RFC 792, RFC 4443: type, code, checksum, identifier, sequence 1, payload.
    private func echo() -> [UInt8] {
        let type: UInt8 = request.destination.isIPv4 ? 8 : 128
        var bytes: [UInt8] = [type, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 255), 0, 1]
        let payload = (0..<(request.payloadLength ?? 56)).map { UInt8(truncatingIfNeeded: 0x10 + $0) }
        bytes += label?.labelled(payload) ?? payload
        if request.destination.isIPv4 {
            // ICMPv6's is made by the kernel, since it covers the addresses.
            var sum: UInt32 = 0
            for index in stride(from: 0, to: bytes.count, by: 2) {
                sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            }
            while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
            bytes[2] = UInt8(~sum >> 8 & 255)
            bytes[3] = UInt8(~sum & 255)
        }
        return bytes
    }

    /// What the kernel chose: the source, and for an unspecified destination the one that it stands for (ip(7)).
    private func learnAddresses() {
        if let own = socketAddress(getsockname) {
            if !own.address.isUnspecified { tuple.source = own.address }
            if request.kind != .echo { tuple.sourcePort = own.port }
        }
        if request.destination.isUnspecified, let far = socketAddress(getpeername) { tuple.destination = far.address }
    }

    private func socketAddress(
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (address: IPAddress, port: UInt16)? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let known = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &size) == 0 }
        }
        guard known else { return nil }
        let raw = withUnsafeBytes(of: &storage) { Array($0) }
        let address = request.destination.isIPv4 ? IPAddress(bytes: raw[4..<8]) : IPAddress(bytes: raw[8..<24])
        return address.map { ($0, UInt16(raw[2]) << 8 | UInt16(raw[3])) }
    }

    /// Waits for the answer at most `timeoutMilliseconds`.
    public func awaitAnswer(timeoutMilliseconds: Int) -> Answer {
        let end = now() + Int64(timeoutMilliseconds) * 1_000_000
        while true {
            let left = (end - now()) / 1_000_000
            if left < 0 { return .none }
            var polled = pollfd(fd: descriptor, events: awaitedEvents, revents: 0)
            let ready = poll(&polled, 1, Int32(clamping: left))
            if ready < 0, errno != EINTR { return .error(errno) }
            if ready <= 0 { continue }
            if let answer = readAnswer(Int32(polled.revents)) { return answer }
        }
    }

    /// What poll(2) tells of a socket that has its answer.
    var awaitedEvents: Int16 { request.kind.isTCP ? Int16(POLLOUT) : Int16(POLLIN) }

    func readAnswer(_ events: Int32) -> Answer? {
        let isEcho = request.kind == .echo
        // Taken from its queue, an error is no longer the socket's.
        if let queued = takeErrors().own { return .error(queued) }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        // A raw socket's may be of another's packet: the queue has told whose.
        if code != 0 { return isEcho ? nil : .error(code) }
        if request.kind.isTCP { return events & POLLOUT != 0 ? .answered : nil }
        // The headers are enough to know it by.
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { return isEcho || errno == EAGAIN || errno == EINTR ? nil : .error(errno) }
        return isReply(buffer[..<count]) ? .answered : nil
    }

    /// Empties the error queue of a raw ICMP socket: the last error that our own packet met, and how many others met.
    private func takeErrors() -> (own: Int32?, foreign: Int) {
        var errors: (own: Int32?, foreign: Int) = (nil, 0)
        var quoted = [UInt8](repeating: 0, count: 8)
        var code: Int32 = 0
        var isICMP: Int32 = 0
        var length: UInt32 = 0
        while packetwalk_take_socket_error(descriptor, &code, &isICMP, &quoted, UInt32(quoted.count), &length) == 1 {
            // Connected sockets are told of their own packets alone.
            if request.kind != .echo {
                errors.own = code
                hasICMPError = hasICMPError || isICMP != 0
                continue
            }
            if isICMP == 0 || isOwn(quoted[..<Int(length)], type: request.destination.isIPv4 ? 8 : 128) {
                errors.own = code
                hasICMPError = hasICMPError || isICMP != 0
            } else {
                errors.foreign += 1
            }
        }
        return errors
    }

    private func isOwn(_ message: ArraySlice<UInt8>, type: UInt8) -> Bool {
        let header = Array(message.prefix(6))
        return header.count == 6 && header[0] == type && UInt16(header[4]) << 8 | UInt16(header[5]) == identifier
    }

    /// Raw sockets hear every ICMP message to this address; an IPv4 one with its IP header before it.
    private func isReply(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard request.kind == .echo else { return true }
        var message = bytes
        if request.destination.isIPv4 {
            guard let first = bytes.first else { return false }
            message = bytes.dropFirst(Int(first & 15) * 4)
        }
        return isOwn(message, type: request.destination.isIPv4 ? 0 : 129)
    }

    private func now() -> Int64 {
        realTimeNanoseconds()
    }

    static func withSocketAddress<Value>(
        _ address: IPAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        // struct sockaddr_in or sockaddr_in6, in the layout of their man pages.
        let length = address.isIPv4 ? 16 : 28
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.storeBytes(of: sa_family_t(address.isIPv4 ? AF_INET : AF_INET6), as: sa_family_t.self)
            bytes[2] = UInt8(port >> 8)
            bytes[3] = UInt8(port & 255)
            for (index, byte) in address.bytes.enumerated() { bytes[(address.isIPv4 ? 4 : 8) + index] = byte }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}

extension PacketRequest.Kind {
    fileprivate var isTCP: Bool {
        if case .tcp = self { return true }
        return false
    }
}
