internal import Glibc
public import LinuxSystem
public import Network
internal import Wire

/// Sockets that hold local ports as connections of programs do, without a packet: a TCP socket under repair (TCP_REPAIR, which
/// CRIU restores connections by) is connected at once. Closed, they send nothing.
public final class HeldPorts {
    /// What could not be held: a sentence for each namespace.
    public private(set) var failures: [String] = []
    private var descriptors: [Int32] = []

    /// TCP_REPAIR of linux/tcp.h.
    static let repair: Int32 = 19
    /// IP_BIND_ADDRESS_NO_PORT and IP_LOCAL_PORT_RANGE of linux/in.h.
    private static let (addressWithoutPort, portRange): (Int32, Int32) = (24, 51)

    public init() {}

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// Throws `SystemError` where the namespace can't be entered.
    public func hold(_ sockets: [ConnectedSocket], in namespace: NetworkNamespaceFile, name: String) throws {
        let (held, errors) = try namespace.perform {
            var held: [Int32] = []
            var errors: [Int32] = []
            let bounds = (readText("/proc/sys/net/ipv4/ip_local_port_range") ?? "").split { $0 == "\t" || $0 == " " }
                .compactMap { UInt16($0) }
            for socket in sockets {
                let isWithin = bounds.count == 2 && bounds[0] <= socket.localPort && socket.localPort <= bounds[1]
                let descriptor = Self.open(socket, isWithinRange: isWithin)
                if descriptor >= 0 { held.append(descriptor) } else { errors.append(-descriptor) }
            }
            return (held, errors)
        }
        descriptors += held
        if let first = errors.first {
            failures.append(
                "\(errors.count) of \(sockets.count) local ports are not held in \(name): \(String(cString: strerror(first)))"
            )
        }
    }

    /// Gives the descriptor, or a negative errno.
    ///
    /// - Parameter isWithinRange: whether its port is one of those that connect(2) chooses.
    private static func open(_ held: ConnectedSocket, isWithinRange: Bool) -> Int32 {
        let isStream = held.protocol == .tcp
        let type = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = highDescriptor(socket(held.localAddress.isIPv4 ? AF_INET : AF_INET6, type, 0))
        guard descriptor >= 0 else { return -errno }
        func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
            var value = value
            return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
        }
        func bind(_ port: UInt16) -> Bool {
            withSocketAddress(held.localAddress, port) { Glibc.bind(descriptor, $0, $1) } == 0
        }
        func connect() -> Bool {
            withSocketAddress(held.remoteAddress, held.remotePort) { Glibc.connect(descriptor, $0, $1) } == 0
        }
        _ = set(SOL_IP, IP_FREEBIND, 1)
        let isConnected: Bool
        if held.remotePort == 0 {
            isConnected = bind(held.localPort)
        } else if !isStream {
            isConnected = bind(held.localPort) && connect()
        } else {
            let port = Int32(held.localPort)
            // A port that connect(2) has chosen serves another destination too; one that bind(2) took does not.
            // One by one the kernel is given no other choice (since Linux 6.3).
            let isChosen =
                isWithinRange && set(SOL_IP, addressWithoutPort, 1)
                && set(SOL_IP, portRange, Int32(bitPattern: UInt32(port) << 16 | UInt32(port)))
            isConnected =
                set(Int32(IPPROTO_TCP), repair, 1) && bind(isChosen ? 0 : held.localPort) && connect()
        }
        if isConnected { return descriptor }
        let number = errno
        close(descriptor)
        return -number
    }
}
