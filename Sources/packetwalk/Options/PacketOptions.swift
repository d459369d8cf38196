internal import ArgumentParser
internal import Probes
internal import Runs
internal import Wire

/// The packet that `explain` sends.
struct PacketOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Namespace to send from: an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"), completion: Completion.namespaces)
    var from: String

    @Flag(help: "Send an ICMP echo request (the default).")
    var icmp = false

    @Option(help: ArgumentHelp("Open a TCP connection to this port.", valueName: "port"))
    var tcp: UInt16?

    @Option(help: ArgumentHelp("Send a UDP datagram to this port.", valueName: "port"))
    var udp: UInt16?

    @Option(help: ArgumentHelp("Source address; the kernel chooses one otherwise.", valueName: "address"))
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Source port, or the identifier of an echo request; the kernel chooses one otherwise.", valueName: "port"))
    var sourcePort: UInt16?

    @Option(
        help: ArgumentHelp("Send as this user, as rules on a socket's owner match it (a number).", valueName: "user"))
    var uid: UInt32?

    @Option(help: ArgumentHelp("Send as this group (a number).", valueName: "group"))
    var gid: UInt32?

    @Option(help: ArgumentHelp("Payload bytes of an echo request or a datagram.", valueName: "bytes"))
    var size: Int?

    @Option(help: ArgumentHelp("TTL or hop limit.", valueName: "hops"))
    var ttl: UInt8?

    @Option(
        help: ArgumentHelp("Firewall mark of the packet (SO_MARK), as policy routing matches it.", valueName: "mark"))
    var mark: PacketMark?

    @Option(
        help: ArgumentHelp("Send by this device, whatever routing says, as DHCP clients do.", valueName: "device"),
        completion: Completion.devices)
    var device: String?

    @Flag(help: "Set DF: routers must not fragment the packet.")
    var dontFragment = false

    @Option(help: ArgumentHelp("How long to wait for a reply.", valueName: "seconds"))
    var wait: Double = 2

    func validate() throws {
        if [icmp, tcp != nil, udp != nil].filter(\.self).count > 1 {
            throw ValidationError("use only one of --icmp, --tcp and --udp")
        }
        if tcp == 0 || udp == 0 { throw ValidationError("cannot send to port 0: give a port from 1 to 65535") }
        if ttl == 0 { throw ValidationError("--ttl must be 1 to 255, not 0") }
        if let size, !(0...65_507).contains(size) {
            throw ValidationError("--size must be 0 to 65507 bytes, not \(size)")
        }
        if !(wait >= 0 && wait <= 3600) { throw ValidationError("--wait must be 0 to 3600 seconds, not \(wait)") }
    }
}

/// `--mark`: decimal, or hexadecimal as `ip rule` prints it.
struct PacketMark: ExpressibleByArgument {
    var value: UInt32

    init?(argument: String) {
        let isHex = argument.lowercased().hasPrefix("0x")
        guard let number = isHex ? UInt32(argument.dropFirst(2), radix: 16) : UInt32(argument) else { return nil }
        value = number
    }
}

extension PacketOptions {
    /// How long to wait for a reply.
    var waitMilliseconds: Int { Int(wait * 1000) }

    /// The packet that the options ask for. A port or a scheme in `destination` stands for `--tcp` or `--udp`.
    func request(to destination: String) throws -> PacketRequest {
        let text = try DestinationText(destination)
        var kind: PacketRequest.Kind = tcp.map { .tcp($0) } ?? udp.map { .udp($0) } ?? .echo
        if let port = text.port, !icmp {
            if kind == .echo { kind = text.isUDP == true ? .udp(port) : .tcp(port) }
            let own = tcp ?? udp ?? port
            guard own == port else {
                throw RunError(.usage, "cannot send to port \(own) and to \(destination): leave one of the ports out")
            }
        }
        let from = try source.map { try address($0, of: "--source") }
        let target: IPAddress
        if let address = IPAddress(text.host) {
            target = address
        } else {
            switch try NamedDestination(text.host).target(from: self.from, source: from) {
            case .address(let address): target = address
            case .resolver(let resolver): (target, kind) = (resolver, .udp(53))
            }
        }
        let device = device ?? text.zone
        if !target.isIPv4, target.isLinkLocal, device == nil {
            throw RunError(
                .usage, "cannot send to \(target): a link-local address is one of its link; name the device by --device"
            )
        }
        if let from, from.family != target.family {
            throw RunError(.usage, "cannot send from \(from) to \(target): one is IPv4, the other IPv6")
        }
        return PacketRequest(
            kind: kind, destination: target, source: from, payloadLength: size, ttl: ttl,
            dontFragment: dontFragment, mark: mark?.value, device: device,
            sourcePort: sourcePort, user: uid, group: gid)
    }

    private func address(_ text: String, of what: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw RunError(.usage, "cannot read \(what) \(text): give an IPv4 or IPv6 address")
        }
        return address
    }
}
