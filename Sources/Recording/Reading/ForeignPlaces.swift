internal import Observations
internal import Network
internal import Wire

/// Vantage points of captures that say nothing of ours: from interface names, and from what each packet's own
/// pseudo-header says.
struct ForeignPlaces {
    let point: CapturePoint
    /// What a file is called by whose interfaces have no name.
    private let fileName: String

    init(_ point: CapturePoint) {
        self.point = point
        let name = point.path.split(separator: "/").last.map(String.init) ?? point.path
        fileName = name.firstIndex(of: ".").map { $0 == name.startIndex ? name : String(name[..<$0]) } ?? name
    }

    /// `host` unless somebody said another.
    var namespace: String { point.namespace ?? "host" }

    func link(_ interface: CapturedInterface, number: Int, of count: Int, direction: VantagePoint.Direction?)
        -> VantagePoint
    {
        var result = VantagePoint(
            namespace: namespace, kind: .link, device: interface.name, direction: direction,
            linkType: interface.linkType)
        if let device = point.device {
            result.device = count > 1 ? interface.name ?? "\(device)#\(number)" : device
        } else if let name = interface.name, let own = Self.ownName(name, linkType: interface.linkType) {
            // One of our recordings that went through another tool.
            result = own
            result.direction = own.kind == .link ? direction : nil
        } else if interface.name == nil {
            result.device = count > 1 ? "\(fileName)#\(number)" : fileName
        }
        return result
    }

    private static func ownName(_ name: String, linkType: LinkType) -> VantagePoint? {
        guard let colon = name.lastIndex(of: ":"), colon != name.startIndex else { return nil }
        let namespace = String(name[..<colon])
        let parts = name[name.index(after: colon)...].split(separator: "/").map(String.init)
        guard let first = parts.first else { return nil }
        if let hook = NetfilterHook(known: first) {
            return VantagePoint(
                namespace: namespace, kind: .netfilter, hook: hook,
                stage: parts.lazy.compactMap { NetfilterStage(rawValue: $0) }.first,
                edge: parts.lazy.compactMap { VantagePoint.Edge(rawValue: $0) }.first, linkType: linkType)
        }
        guard parts.count == 1 else { return nil }
        return VantagePoint(namespace: namespace, kind: .link, device: first, linkType: linkType)
    }

    /// A cooked capture's packets come from every device: version 2 numbers them.
    ///
    /// - Parameter copy: of version 1, at how many devices the packet was seen so far, this one with them.
    func cooked(_ header: CookedHeader, _ interface: CapturedInterface, number: Int, of count: Int, copy: Int)
        -> VantagePoint
    {
        var result = link(interface, number: number, of: count, direction: header.isOutgoing ? .out : .in)
        if header.interfaceIndex != 0 {
            result.device = "if\(header.interfaceIndex)"
        } else if copy > 1 {
            result.device = "\(result.device ?? fileName) (\(copy))"
        }
        return result
    }

    func netfilter(_ message: NFLOGMessage, _ interface: CapturedInterface) -> VantagePoint {
        let hooks: [NetfilterHook] =
            switch message.family {
            case 3: [.input, .output, .forward]  // ARP
            case 5: [.ingress, .egress]  // netdev
            default: [.prerouting, .input, .forward, .output, .postrouting]
            }
        let hook = Int(message.hook) < hooks.count ? hooks[Int(message.hook)] : nil
        return VantagePoint(
            namespace: namespace, kind: .netfilter, device: nil, hook: hook, linkType: interface.linkType)
    }
}
