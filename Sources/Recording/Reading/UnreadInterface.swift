public import Wire

/// An interface of a capture whose packets could not be read.
public struct UnreadInterface: Sendable, Hashable {
    /// The file, as the user named it.
    public var path: String
    /// Nil where the file does not name it.
    public var name: String?
    public var linkType: LinkType
    /// How many packets were left out.
    public var packetCount: Int
    /// A probe of retis, `name`, that is at the edge of no device, where others are.
    public var isBetweenDevices = false

    /// Whether its packets contradict their link type, which is one that is read.
    public var isMisnamed: Bool { linkType.isRead && !isBetweenDevices }
}

extension UnreadInterface: CustomStringConvertible {
    /// `a.pcap: link type 147 (USER0) is not read: 5 packets left out`
    public var description: String {
        let place = name.map { "\(path): \(isBetweenDevices ? "probe" : "interface") \($0)" } ?? path
        let number = linkType.numberAndName
        let packets = packetCount == 1 ? "1 packet" : "\(packetCount) packets"
        if isBetweenDevices {
            return "\(place) is at no device: \(packets) left out; other probes show them at devices"
        }
        return isMisnamed
            ? "\(place): none of \(packets) can be read as link type \(number)"
            : "\(place): link type \(number) is not read: \(packets) left out"
    }
}

/// The interfaces of one file that were left out, counted.
struct UnreadCounts {
    private struct Key: Hashable {
        var number: Int
        var linkType: LinkType
        var probe: String?
    }

    private(set) var interfaces: [UnreadInterface] = []
    private var places: [Key: Int] = [:]
    private static let limit = CaptureDamage.limit

    /// Counts a packet of an interface; of more interfaces than are kept, nothing.
    ///
    /// - Parameter probe: of retis, where that is why it is left out.
    mutating func count(_ number: Int, _ interface: CapturedInterface, path: String, probe: String? = nil) {
        let key = Key(number: probe == nil ? number : -1, linkType: interface.linkType, probe: probe)
        if let known = places[key] {
            interfaces[known].packetCount += 1
            return
        }
        guard interfaces.count < Self.limit else { return }
        places[key] = interfaces.count
        interfaces.append(
            UnreadInterface(
                path: path, name: probe ?? interface.name, linkType: interface.linkType, packetCount: 1,
                isBetweenDevices: probe != nil))
    }
}
