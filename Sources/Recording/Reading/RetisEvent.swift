internal import FoundationEssentials
internal import Observations

/// What a capture that retis wrote (`retis pcap`, https://retis.readthedocs.io) says of the place of a packet. Its
/// interfaces are probes in the kernel, not devices:
///
///     raw_tracepoint/net:netif_receive_skb       since December 2025; netns and device stand in each packet's JSON
///     veth0 ns 0x3/4026532741, veth0 ns 4026532741      since July 2025; the probe stands in each packet's comment
///     veth0 (4026532741)                         before
struct RetisEvent {
    /// `raw_tracepoint/net:netif_receive_skb`, `kprobe/ip_rcv`; nil where it is not told.
    var probe: String?
    /// The namespace's inode.
    var namespace: UInt32?
    var device: String?
    /// Of `skb:kfree_skb`: why (`enum skb_drop_reason`).
    var dropReason: String?

    /// The private enterprise number that its options bear.
    static let enterprise: UInt32 = 70_000

    private static let kinds = ["raw_tracepoint", "kprobe", "kretprobe", "usdt"]
}

extension RetisEvent {
    /// - Parameters:
    ///   - interface: its name; nil for another program's gives nil.
    ///   - annotation: the packet's JSON, or its comment.
    init?(interface: String?, description: String?, annotation: UnsafeRawBufferPointer) {
        guard let interface else { return nil }
        self.init()
        if let name = Self.probeName(interface) {
            probe = name
            readPlace(interface.dropFirst(name.count))
        } else {
            guard readDevice(interface, description) else { return nil }
        }
        guard let first = annotation.first else { return }
        if first == UInt8(ascii: "{") {
            read(json: annotation)
        } else {
            read(comment: String(decoding: annotation.prefix(512), as: UTF8.self))
        }
    }

    /// `kprobe/ip_rcv` at the beginning of a name.
    private static func probeName(_ name: String) -> String? {
        guard let slash = name.firstIndex(of: "/"), kinds.contains(String(name[..<slash])) else { return nil }
        let whole = name.prefix { $0 != " " }
        return whole.endIndex > name.index(after: slash) ? String(whole) : nil
    }

    /// `(netns 4026531840, dev veth0)` behind a probe.
    private mutating func readPlace(_ text: Substring) {
        let words = text.split { " (),=".contains($0) }
        for (word, value) in zip(words, words.dropFirst()) {
            switch word {
            case "netns", "ns": namespace = Self.inode(value)
            case "dev", "if": device = String(value)
            default: break
            }
        }
    }

    /// `veth0 (4026532741)`, `veth0 ns 0x3/4026532741`.
    private mutating func readDevice(_ name: String, _ description: String?) -> Bool {
        let words = name.split(separator: " ")
        let isTold = description?.hasPrefix("ifindex=") == true || description == "Fake interface"
        let inode: Substring
        switch words.count {
        case 2 where isTold && words[1].first == "(" && words[1].last == ")": inode = words[1].dropFirst().dropLast()
        case 3 where isTold && words[1] == "ns": inode = words[2]
        default: return false
        }
        guard let number = Self.inode(inode) else { return false }
        namespace = number == 0 ? nil : number
        device = words[0] == "?" ? nil : String(words[0])
        return true
    }

    /// `4026532741`, `0x3/4026532741`.
    private static func inode(_ text: Substring) -> UInt32? {
        text.split(separator: "/").last.flatMap { UInt32($0) }
    }

    /// `probe=kprobe:ip_rcv`; or the event as retis prints it, with `[tp] net:netif_receive_skb` in its first line.
    private mutating func read(comment: String) {
        if comment.hasPrefix("probe=") {
            let text = comment.dropFirst("probe=".count).prefix { $0 != " " && $0 != "\n" }
            guard let colon = text.firstIndex(of: ":") else { return }
            probe = probe ?? "\(text[..<colon])/\(text[text.index(after: colon)...])"
            return
        }
        let words = comment.prefix { $0 != "\n" }.split(separator: " ")
        for (word, value) in zip(words, words.dropFirst()) {
            switch word {
            case "[tp]": probe = probe ?? "raw_tracepoint/\(value)"
            case "[k]": probe = probe ?? "kprobe/\(value)"
            case "[kr]": probe = probe ?? "kretprobe/\(value)"
            default: break
            }
        }
    }

    private mutating func read(json: UnsafeRawBufferPointer) {
        guard let event = try? JSONDecoder().decode(Written.self, from: Data(json)) else { return }
        if let kernel = event.kernel { probe = "\(kernel.probeType)/\(kernel.symbol)" }
        namespace = event.netns?.inum ?? namespace
        device = event.dev?.name ?? device
        dropReason = event.drop?.reason
    }

    /// Of retis' event what is used here, by its own keys.
    private struct Written: Decodable {
        struct Kernel: Decodable {
            var symbol: String
            var probeType: String

            enum CodingKeys: String, CodingKey {
                case symbol
                case probeType = "probe_type"
            }
        }
        struct Namespace: Decodable {
            var inum: UInt32
        }
        struct Device: Decodable {
            var name: String
        }
        struct Drop: Decodable {
            var reason: String?

            enum CodingKeys: String, CodingKey { case reason = "drop_reason" }
        }
        var kernel: Kernel?
        var netns: Namespace?
        var dev: Device?
        var drop: Drop?

        enum CodingKeys: String, CodingKey {
            case kernel, netns, dev
            case drop = "skb-drop"
        }
    }
}

extension RetisEvent {
    /// The kernel's function or tracepoint, without its kind.
    private var symbol: Substring? { probe.map { $0[$0.index(after: $0.firstIndex(of: "/") ?? $0.startIndex)...] } }

    /// Whether it tells of a packet that was freed.
    var isDrop: Bool { symbol == "skb:kfree_skb" && dropReason != nil }

    /// Which way the packet went through its device; nil at a probe between two devices.
    private var direction: VantagePoint.Direction? {
        switch symbol {
        case "net:netif_receive_skb", "netif_receive_skb": .in
        case "net:net_dev_start_xmit", "net_dev_start_xmit": .out
        default: nil
        }
    }

    /// Whether it is at a device's edge, as a capture of that device would be, or at no probe that is known.
    var isAtDevice: Bool { direction != nil || probe == nil }

    func namespaceName(unknown: String) -> String { namespace.map { "netns:\($0)" } ?? unknown }

    /// Where the packet was: a device in one direction, or a device at another probe.
    func place(in unknown: String) -> VantagePoint {
        var place = VantagePoint(
            namespace: namespaceName(unknown: unknown), kind: .link, device: device, direction: direction)
        if !isAtDevice, let symbol {
            let kind = probe.flatMap { $0.hasPrefix("kretprobe/") ? "return of " : nil } ?? ""
            place.device = [device, "at \(kind)\(symbol)"].compactMap(\.self).joined(separator: " ")
        }
        return place
    }
}
