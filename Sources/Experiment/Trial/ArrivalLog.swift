internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes

/// Where labelled packets are taken in, in every namespace of a rebuilt network.
///
/// It listens by raw sockets (raw(7)): the kernel gives them a copy of each packet that it is about to give to the protocol
/// itself, so behind every rule of the input hook, and goes on as if they were not there.
final class ArrivalLog {
    private struct Socket {
        var descriptor: Int32
        var namespace: Int
        var isIPv4: Bool
        var ipProtocol: Int32
    }

    private let names: [String]
    private var sockets: [Socket] = []
    private var polled: [pollfd] = []
    /// By the packet's number: which namespaces took it in, and which the data that followed it.
    private var places: [UInt16: [Int]] = [:]
    private var dataPlaces: [UInt16: [Int]] = [:]
    private var buffer = [UInt8](repeating: 0, count: 256)

    /// - Parameter namespaces: by name and file. One that can't be listened in is left out.
    init(_ namespaces: [(name: String, file: NetworkNamespaceFile)]) {
        names = namespaces.map(\.name)
        for (index, namespace) in namespaces.enumerated() {
            guard let opened = try? namespace.file.perform({ Self.open(index) }) else { continue }
            sockets += opened
        }
        polled = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    }

    deinit { for socket in sockets { close(socket.descriptor) } }

    /// In the calling thread's namespace.
    private static func open(_ namespace: Int) -> [Socket] {
        let kinds: [(Bool, Int)] = [
            (true, Int(IPPROTO_ICMP)), (true, Int(IPPROTO_TCP)), (true, Int(IPPROTO_UDP)), (false, Int(IPPROTO_ICMPV6)),
            (false, Int(IPPROTO_TCP)), (false, Int(IPPROTO_UDP)),
        ]
        return kinds.compactMap { isIPv4, number in
            let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = highDescriptor(socket(isIPv4 ? AF_INET : AF_INET6, type, Int32(number)))
            guard descriptor >= 0 else { return nil }
            // As large as the machine allows: it is emptied between bursts.
            var size: Int32 = 4 << 20
            for option in [SO_RCVBUF, SO_RCVBUFFORCE] {
                setsockopt(descriptor, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            return Socket(descriptor: descriptor, namespace: namespace, isIPv4: isIPv4, ipProtocol: Int32(number))
        }
    }

    /// Takes what has come since the last time.
    func drain() {
        guard !polled.isEmpty, poll(&polled, nfds_t(polled.count), 0) > 0 else { return }
        for (index, state) in polled.enumerated() where state.revents != 0 {
            let socket = sockets[index]
            while true {
                let count = recv(socket.descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                note(buffer[..<count], socket)
            }
        }
    }

    private func note(_ bytes: ArraySlice<UInt8>, _ socket: Socket) {
        // An IPv4 packet comes with its IP header, an IPv6 one without (raw(7), ipv6(7)).
        let message = Array(socket.isIPv4 ? bytes.dropFirst(Int(bytes[0] & 15) * 4) : bytes)
        guard let (label, isData) = Self.label(of: message, socket.ipProtocol) else { return }
        if isData {
            if dataPlaces[label.number]?.contains(socket.namespace) != true {
                dataPlaces[label.number, default: []].append(socket.namespace)
            }
        } else if places[label.number]?.contains(socket.namespace) != true {
            places[label.number, default: []].append(socket.namespace)
        }
    }

    /// The label of a request, and whether it is data of TCP; nil for anything else.
    ///
    /// - Parameter message: from the transport header on.
    static func label(of message: [UInt8], _ ipProtocol: Int32) -> (PacketLabel, isData: Bool)? {
        switch Int(ipProtocol) {
        case Int(IPPROTO_TCP):
            guard message.count >= 20 else { return nil }
            let (syn, ack) = (message[13] & 2 != 0, message[13] & 16 != 0)
            if syn {
                let sequence = message[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return ack ? nil : PacketLabel(sequence: sequence).map { ($0, false) }
            }
            return PacketLabel(payload: message.dropFirst(Int(message[12] >> 4) * 4)).map { ($0, true) }
        case Int(IPPROTO_UDP): return PacketLabel(payload: message.dropFirst(8)).map { ($0, false) }
        default:
            let request: UInt8 = Int(ipProtocol) == Int(IPPROTO_ICMP) ? 8 : 128
            guard message.first == request else { return nil }
            return PacketLabel(payload: message.dropFirst(8)).map { ($0, false) }
        }
    }

    /// Of the packet with that number.
    func arrival(_ number: UInt16) -> TrialArrival {
        TrialArrival((places[number] ?? []).map { names[$0] }, dataPlaces: (dataPlaces[number] ?? []).map { names[$0] })
    }
}
