internal import Glibc
internal import LinuxSystem
internal import Network
internal import Wire

/// A listening socket in the place of another one: on the same address, port and device of a namespace.
struct StandInListener {
    let descriptor: Int32
    let isStream: Bool
    private let isIPv4: Bool

    /// Opens it in the network namespace of the calling thread. Throws `SystemError`.
    ///
    /// - Parameter bindsToDevice: false where there are no devices yet.
    init(_ listener: Listener, bindsToDevice: Bool = true) throws {
        isStream = listener.protocol == .tcp
        let isIPv4 = listener.address.isIPv4
        self.isIPv4 = isIPv4
        let name = "\(listener.protocol.rawValue) \(listener.address) port \(listener.port)"
        let type = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        descriptor = try retryingInterrupts("open a socket for \(name)") {
            socket(
                isIPv4 ? AF_INET : AF_INET6, type | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        do {
            try set(SOL_SOCKET, SO_REUSEADDR, 1, name)
            // Another one may stand beside it, at another address or without its conditions (`ChangeCatalogue.listeners`).
            try set(SOL_SOCKET, SO_REUSEPORT, 1, name)
            // The address may be of no device any more.
            try set(isIPv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6), isIPv4 ? IP_FREEBIND : Self.ipv6FreeBind, 1, name)
            if !isIPv4 { try set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, listener.isIPv6Only == true ? 1 : 0, name) }
            if listener.isTransparent == true {
                try set(isIPv4 ? SOL_IP : SOL_IPV6, isIPv4 ? IP_TRANSPARENT : Self.ipv6Transparent, 1, name)
            }
            if !isStream {
                try set(
                    isIPv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6), isIPv4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1, name)
                // Of a datagram to an IPv4 address this one tells the address, of a socket that takes both.
                if !isIPv4, listener.isIPv6Only != true { try? set(Int32(IPPROTO_IP), IP_PKTINFO, 1, name) }
            }
            if let device = listener.device, bindsToDevice { try bindToDevice(device, name) }
            if isStream, let peers = listener.signedPeers { try sign(peers, name) }
            try bind(listener, name)
            if !isStream, let peer = listener.peer { try connect(to: peer, name) }
            if isStream {
                let backlog = Int32(clamping: max(1, listener.backlog ?? 128))
                try retryingInterrupts("listen on \(name)") { listen(descriptor, backlog) }
            }
            note(StandInProgram(name: listener.process, isStopped: listener.isStopped == true))
        } catch {
            close()
            throw error
        }
    }

    /// In the rebuilt network it is taken for the program that it stands for.
    func note(_ program: StandInProgram?) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        StandInProgram.note(program, inode: UInt64(status.st_ino))
    }

    func close() {
        note(nil)
        Glibc.close(descriptor)
    }

    private static let ipv6FreeBind: Int32 = 78
    private static let ipv6Transparent: Int32 = 75

    private func set(_ level: Int32, _ option: Int32, _ value: Int32, _ name: String) throws {
        var value = value
        try retryingInterrupts("set up the socket of \(name)") {
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Segments of those peers must bear a signature of a password that nobody has: as of one that the sender does not have.
    private func sign(_ peers: [IPPrefix], _ name: String) throws {
        for peer in peers {
            // struct tcp_md5sig of linux/tcp.h: sockaddr_storage, flags, length of the prefix, length of the key, interface, key.
            var bytes = [UInt8](repeating: 0, count: 216)
            let isMapped = peer.address.isIPv4 && !isIPv4
            let family = sa_family_t(isIPv4 ? AF_INET : AF_INET6)
            withUnsafeBytes(of: family) { bytes.replaceSubrange(0..<2, with: $0) }
            let address = (isMapped ? Array(repeating: 0, count: 10) + [255, 255] : []) + peer.address.bytes
            bytes.replaceSubrange((isIPv4 ? 4 : 8)..<((isIPv4 ? 4 : 8) + address.count), with: address)
            bytes[128] = 1  // TCP_MD5SIG_FLAG_PREFIX
            bytes[129] = UInt8(peer.length)
            let key = Array("nobody has it".utf8)
            withUnsafeBytes(of: UInt16(key.count)) { bytes.replaceSubrange(130..<132, with: $0) }
            bytes.replaceSubrange(136..<(136 + key.count), with: key)
            let option: Int32 = 32  // TCP_MD5SIG_EXT
            try retryingInterrupts("have segments to \(name) signed") {
                setsockopt(descriptor, Int32(IPPROTO_TCP), option, bytes, socklen_t(bytes.count))
            }
        }
    }

    func bindToDevice(_ device: String, _ name: String) throws {
        let bytes = Array(device.utf8) + [0]
        try retryingInterrupts("bind \(name) to \(device)") {
            setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, bytes, socklen_t(bytes.count))
        }
    }

    /// From then on it takes what comes from there alone.
    private func connect(to peer: Listener.Peer, _ name: String) throws {
        let isMapped = peer.address.isIPv4 && !isIPv4
        let address = isMapped ? IPAddress(high: 0, low: 0xffff << 32 | peer.address.low) : peer.address
        try retryingInterrupts("connect \(name) to \(peer.address) port \(peer.port)") {
            withSocketAddress(address, peer.port) { Glibc.connect(descriptor, $0, $1) }
        }
    }

    private func bind(_ listener: Listener, _ name: String) throws {
        try retryingInterrupts("listen on \(name)") {
            withSocketAddress(listener.address, listener.port, device: listener.device) {
                Glibc.bind(descriptor, $0, $1)
            }
        }
    }
}
