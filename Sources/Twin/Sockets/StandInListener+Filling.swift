internal import Glibc
internal import LinuxSystem
internal import Network
internal import Wire

/// Nobody takes what waits at a socket that is full: it is filled over the loopback device of its namespace, which is up and has
/// the socket's address. There must be no rules yet.
extension StandInListener {
    /// Fills it as `listener` was when it was read. Throws `SystemError`.
    func fill(like listener: Listener, _ payload: [UInt8]) throws {
        let isIPv4 = listener.address.isIPv4
        let loopback = isIPv4 ? IPAddress(ipv4: 0x7f00_0001) : IPAddress(high: 0, low: 1)
        let target = listener.address.isUnspecified ? loopback : listener.address
        if isStream {
            // The kernel cuts the backlog down to the namespace's limit.
            let limit = readText("/proc/sys/net/core/somaxconn").flatMap { UInt64($0) } ?? 4096
            let room = min(listener.backlog ?? limit, limit) + 1
            try queue(Int(min(listener.receiveQueue, room)), to: target, listener.port)
        } else {
            try flood(target, listener, payload)
        }
    }

    /// So many connections that wait to be accepted. A client is connected before the kernel has taken its acknowledgement, on a
    /// busy machine long before. It is waited for each time: connections that are not acknowledged have a limit of their own, beyond
    /// which a SYN is dropped. Another client comes then, as where a SYN went to another socket of the same port.
    private func queue(_ count: Int, to address: IPAddress, _ port: UInt16) throws {
        let end = ContinuousClock.now + .seconds(Self.patience)
        for number in 0..<count {
            while try waiting() <= number {
                guard ContinuousClock.now < end else {
                    throw SystemError("fill the queue of tcp port \(port)", errorNumber: ETIMEDOUT)
                }
                try connect(to: address, port)
                let soon = ContinuousClock.now + .milliseconds(Self.moment)
                while try waiting() <= number, ContinuousClock.now < soon { usleep(1000) }
            }
        }
    }

    /// Seconds that the kernel is given for what takes it none unless the machine is very busy.
    private static let patience = 10
    /// Milliseconds after which another client is sent.
    private static let moment = 300

    /// Waits until nothing waits at the socket any more. Throws `SystemError` where it takes too long.
    func awaitEmptyQueue() throws {
        let end = ContinuousClock.now + .seconds(Self.patience)
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&polled, 1, 0) > 0 {
            guard ContinuousClock.now < end else {
                throw SystemError("empty the queue of a socket", errorNumber: ETIMEDOUT)
            }
            usleep(1000)
        }
    }

    /// SO_MEMINFO: the words of sock_diag(7), SK_MEMINFO_RMEM_ALLOC the first, SK_MEMINFO_DROPS the ninth.
    private func memory() throws -> [UInt32] {
        var words = [UInt32](repeating: 0, count: 9)
        var size = socklen_t(words.count * MemoryLayout<UInt32>.size)
        try retryingInterrupts("read the memory of a socket") {
            getsockopt(descriptor, SOL_SOCKET, 55, &words, &size)
        }
        return words
    }

    /// The connections that wait to be accepted: `tcpi_unacked` of tcp(7)'s TCP_INFO at a socket that listens.
    private func waiting() throws -> Int {
        var words = [UInt32](repeating: 0, count: 26)
        var size = socklen_t(words.count * MemoryLayout<UInt32>.size)
        try retryingInterrupts("read the queue of a listening socket") {
            getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &words, &size)
        }
        return Int(words[6])
    }

    /// A connection that waits to be accepted, if it comes about at once. Its client goes without a word.
    private func connect(to address: IPAddress, _ port: UInt16) throws {
        let name = "fill the queue of tcp port \(port)"
        let client = try retryingInterrupts(name) {
            socket(
                address.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { Glibc.close(client) }
        var moment = timeval(tv_sec: 0, tv_usec: Self.moment * 1000)
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &moment, socklen_t(MemoryLayout<timeval>.size))
        do {
            try retryingInterrupts(name) { withSocketAddress(address, port) { Glibc.connect(client, $0, $1) } }
        } catch let error as SystemError where error.errorNumber == EINPROGRESS {
            // Nothing came back in that time.
            return
        }
        var isOn: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), HeldPorts.repair, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Datagrams until as many bytes wait as before, or the first one did not fit.
    private func flood(_ address: IPAddress, _ listener: Listener, _ payload: [UInt8]) throws {
        let name = "fill the buffer of udp port \(listener.port)"
        if let size = listener.receiveBufferBytes {
            // The kernel doubles it.
            var half = Int32(clamping: size / 2)
            for option in [SO_RCVBUF, SO_RCVBUFFORCE] {
                setsockopt(descriptor, SOL_SOCKET, option, &half, socklen_t(MemoryLayout<Int32>.size))
            }
        }
        let client = try retryingInterrupts(name) {
            socket(address.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { Glibc.close(client) }
        for _ in 0..<Self.datagramLimit {
            let memory = try memory()
            if memory[0] >= listener.receiveQueue || memory[8] > 0 { return }
            try retryingInterrupts(name) {
                withSocketAddress(address, listener.port) { sendto(client, payload, payload.count, 0, $0, $1) }
            }
        }
    }

    private static let datagramLimit = 1_000_000
}
