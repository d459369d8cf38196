internal import WalkModel
import Observations
import Network
import Wire

/// Where in its namespace's packet flow a vantage point stands. A packet that crosses a namespace once meets these in
/// rising order (Netfilter's packet flow; `bridge in` is the bridge device's own sight of a frame passed up to it).
enum FlowPhase: Int32, Comparable {
    case socketOut = 0
    case linkIn = 1
    /// IP prerouting called by br_netfilter, before the bridge decides.
    case bridgedPrerouting = 2
    case bridgeIn = 3
    case prerouting = 4
    case input = 5
    case forward = 6
    case output = 7
    case postrouting = 8
    case bridgeOut = 9
    case linkOut = 10
    case socketIn = 11

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    /// Stands before the routing decision of a forwarded packet.
    var isBeforeRouting: Bool { self <= .prerouting }
    var isAfterRouting: Bool { self >= .forward && self != .socketIn }
}

/// A device, numbered over all namespaces.
struct Device {
    var namespace: Int32
    /// Whether a snapshot tells what it is.
    var isKnown = false
    var index: UInt32 = 0
    /// Numbers of other devices; -1 for none or unknown.
    var master: Int32 = -1
    var peer: Int32 = -1
    var lower: Int32 = -1
    /// The peer is known to exist, though perhaps in a namespace that nobody saw.
    var hasPeer = false
    var isBridge = false
    var isTunnel = false
    var isLoopback = false
    var mac: UInt64 = 0
    /// Vantage points here; -1 where packets in that direction can't be seen.
    var vantageIn: Int32 = -1
    var vantageOut: Int32 = -1
}

/// A vantage point, resolved against the topology.
struct Place {
    /// Its own number.
    var number: Int32
    var namespace: Int32
    /// -1 where the vantage point is no link.
    var device: Int32
    var phase: FlowPhase
    /// Rises along the packet flow within one namespace: `phase` × 100 + stage.
    var rank: Int32
    var isLink: Bool
    var isIn: Bool
    /// A link whose capture does not tell coming in from going out.
    var isUndirected = false
}

/// One namespace, as far as the engine asks about it.
struct Area {
    /// As the newest snapshot calls it.
    var name: String
    /// What it is known by: names are given again, to others. 0 where no snapshot has told it.
    var inode: UInt64 = 0
    /// Index in the topology's namespaces; -1 where no snapshot has it.
    var topologyIndex: Int = -1
    var devices: [Int32] = []
    var addresses: Set<IPAddress> = []
    /// Whether packets can be seen coming in: by a link or by the prerouting hook.
    var watchesEntry = false
    /// The rank of the last vantage point of the input hook; -1 where input isn't watched.
    var lastInputRank: Int32 = -1
    var watchesForward = false
    var watchesOut = false
}

/// Names and neighbourhoods: vantage points, devices and namespaces as numbers, for the engine's inner loops.
///
/// All of one host: an engine takes the events of one run. A namespace is known by its inode where a snapshot tells it. So
/// it stays the same where it gets another name, and another one that takes its name over is not mistaken for it.
struct Places {
    private(set) var topology: Topology?
    private(set) var places: ContiguousArray<Place> = []
    private(set) var devices: ContiguousArray<Device> = []
    private(set) var areas: ContiguousArray<Area> = []
    /// By place, and by device: what the inner loops don't ask.
    private(set) var pointOfPlace: ContiguousArray<VantagePoint> = []
    private(set) var nameOfDevice: ContiguousArray<String> = []
    private var points: [(vantage: VantageID, point: VantagePoint, area: Int32)] = []
    private var pointByVantage: [UInt32: Int] = [:]
    /// Vantage numbers are dense, but need not be declared in order.
    private var placeByVantage: ContiguousArray<Int32> = []
    /// By the names of the newest snapshot, and by those from before that nobody has taken over.
    private var areaByName: [String: Int32] = [:]
    private var areaByInode: [UInt64: Int32] = [:]
    private var deviceByName: [DeviceName: Int32] = [:]
    private var deviceByIndex: [DeviceIndex: Int32] = [:]

    private struct DeviceName: Hashable {
        var namespace: Int32
        var name: String
    }

    private struct DeviceIndex: Hashable {
        var namespace: Int32
        var index: UInt32
    }

    /// The place of a vantage point; -1 where it was never declared.
    @inline(__always)
    func place(of vantage: UInt32) -> Int32 {
        Int(vantage) < placeByVantage.count ? placeByVantage[Int(vantage)] : -1
    }

    func point(_ place: Place) -> VantagePoint { pointOfPlace[Int(place.number)] }

    func area(named name: String) -> Int32 { areaByName[name] ?? -1 }

    func device(namespace: Int32, index: UInt32) -> Int32 {
        index == 0 ? -1 : deviceByIndex[DeviceIndex(namespace: namespace, index: index)] ?? -1
    }

    func device(namespace: Int32, name: String) -> Int32 {
        deviceByName[DeviceName(namespace: namespace, name: name)] ?? -1
    }

    func namespace(_ area: Int32) -> Namespace? {
        guard area >= 0, let topology, areas[Int(area)].topologyIndex >= 0 else { return nil }
        return topology.namespaces[areas[Int(area)].topologyIndex]
    }

    func holds(_ address: IPAddress, in area: Int32) -> Bool {
        address.isLoopback || areas[Int(area)].addresses.contains(address)
    }

    /// Takes a vantage point; `rebuild` must follow before anything is asked.
    /// - Returns: false where nothing changed.
    mutating func declare(_ vantage: VantageID, _ point: VantagePoint) -> Bool {
        // A hostile recording may claim any number: none beyond what a run can open.
        guard vantage.rawValue < 1 << 20 else { return false }
        if let known = pointByVantage[vantage.rawValue] {
            if points[known].point == point { return false }
            points[known].point = point
            points[known].area = -1
        } else {
            pointByVantage[vantage.rawValue] = points.count
            points.append((vantage, point, -1))
        }
        return true
    }

    /// Takes a snapshot; `rebuild` must follow before anything is asked.
    mutating func replace(_ topology: Topology) {
        self.topology = topology
    }

    private mutating func internArea(_ name: String) -> Int32 {
        if let known = areaByName[name] { return known }
        let number = Int32(areas.count)
        areas.append(Area(name: name))
        areaByName[name] = number
        return number
    }

    private mutating func internArea(_ namespace: Namespace) -> Int32 {
        let number: Int32
        if namespace.inode == 0 {
            number = internArea(namespace.name)
        } else if let known = areaByInode[namespace.inode] {
            number = known
        } else if let named = areaByName[namespace.name], areas[Int(named)].inode == 0 {
            // Events named it before a snapshot did.
            number = named
        } else {
            number = Int32(areas.count)
            areas.append(Area(name: namespace.name))
        }
        areas[Int(number)].name = namespace.name
        areas[Int(number)].inode = namespace.inode
        areaByName[namespace.name] = number
        if namespace.inode != 0 { areaByInode[namespace.inode] = number }
        return number
    }

    private mutating func internDevice(_ namespace: Int32, _ name: String) -> Int32 {
        let key = DeviceName(namespace: namespace, name: name)
        if let known = deviceByName[key] { return known }
        let number = Int32(devices.count)
        devices.append(Device(namespace: namespace))
        nameOfDevice.append(name)
        deviceByName[key] = number
        areas[Int(namespace)].devices.append(number)
        return number
    }

    /// Numbers stay as they are, since open walks hold them; what they mean is read anew.
    mutating func rebuild() {
        for index in areas.indices {
            areas[index].topologyIndex = -1
            areas[index].addresses = []
            areas[index].watchesEntry = false
            areas[index].lastInputRank = -1
            areas[index].watchesForward = false
            areas[index].watchesOut = false
        }
        deviceByIndex = [:]
        if let topology {
            for (position, namespace) in topology.namespaces.enumerated() {
                let area = internArea(namespace)
                areas[Int(area)].topologyIndex = position
                for link in namespace.links {
                    read(link, area: area)
                }
            }
            for namespace in topology.namespaces {
                let area = internArea(namespace)
                for link in namespace.links {
                    connect(link, area: area)
                }
            }
        }
        for index in devices.indices {
            devices[index].vantageIn = -1
            devices[index].vantageOut = -1
        }
        for index in points.indices {
            // It stays where it was laid, whoever has the name now.
            if points[index].area < 0 { points[index].area = internArea(points[index].point.namespace) }
            register(points[index].vantage, points[index].point, area: points[index].area)
        }
    }

    private mutating func read(_ link: Link, area: Int32) {
        let number = Int(internDevice(area, link.name))
        devices[number].isKnown = true
        devices[number].index = link.index
        devices[number].isBridge = link.kind == .bridge
        devices[number].isTunnel =
            ["vxlan", "gre", "gretap", "ipip", "sit", "ip6tnl", "ip6gre", "ip6gretap", "geneve"].contains(link.kind)
        devices[number].isLoopback = link.kind == .loopback || link.name == "lo"
        devices[number].mac = link.mac?.value ?? 0
        deviceByIndex[DeviceIndex(namespace: area, index: link.index)] = Int32(number)
        for prefix in link.addresses {
            areas[Int(area)].addresses.insert(prefix.address)
        }
    }

    private mutating func connect(_ link: Link, area: Int32) {
        let number = Int(internDevice(area, link.name))
        devices[number].master = link.master.map { internDevice(area, $0) } ?? -1
        // A macvlan's parent often lies in another namespace, under the same name.
        let home = link.lowerNamespace.flatMap { areaByName[$0] } ?? area
        devices[number].lower = link.lower.map { internDevice(home, $0) } ?? -1
        devices[number].hasPeer = link.peer != nil
        devices[number].peer = -1
        if let peer = link.peer, let name = peer.namespace, let other = areaByName[name] {
            devices[number].peer = internDevice(other, peer.device)
        }
    }

    private mutating func register(_ vantage: VantageID, _ declared: VantagePoint, area: Int32) {
        var point = declared
        point.namespace = areas[Int(area)].name
        let device = point.device.map { internDevice(area, $0) } ?? -1
        if device >= 0, point.device == "lo" { devices[Int(device)].isLoopback = true }
        let isBridge = device >= 0 && devices[Int(device)].isBridge
        let isIn = point.direction == .in
        let phase: FlowPhase
        switch point.kind {
        case .link:
            phase = isIn ? (isBridge ? .bridgeIn : .linkIn) : (isBridge ? .bridgeOut : .linkOut)
        case .netfilter:
            switch point.hook {
            case .ingress: phase = .linkIn
            case .input: phase = .input
            case .forward: phase = .forward
            case .output: phase = .output
            case .postrouting: phase = .postrouting
            case .egress: phase = .linkOut
            case .prerouting, nil: phase = .prerouting
            }
        case .socket:
            phase = isIn ? .socketIn : .socketOut
        case .route, .drop:
            phase = .prerouting
        }
        var place = Place(
            number: 0, namespace: area, device: device, phase: phase,
            rank: phase.rawValue * 100 + Self.stageRank(point), isLink: point.kind == .link, isIn: isIn,
            isUndirected: point.kind == .link && point.direction == nil)
        let number: Int32
        if Int(vantage.rawValue) < placeByVantage.count, placeByVantage[Int(vantage.rawValue)] >= 0 {
            number = placeByVantage[Int(vantage.rawValue)]
            place.number = number
            places[Int(number)] = place
            pointOfPlace[Int(number)] = point
        } else {
            number = Int32(places.count)
            place.number = number
            places.append(place)
            pointOfPlace.append(point)
            while placeByVantage.count <= Int(vantage.rawValue) { placeByVantage.append(-1) }
            placeByVantage[Int(vantage.rawValue)] = number
        }
        if place.isLink, device >= 0 {
            if isIn { devices[Int(device)].vantageIn = number } else { devices[Int(device)].vantageOut = number }
        }
        let index = Int(area)
        switch phase {
        case .linkIn where !(device >= 0 && devices[Int(device)].isLoopback), .bridgeIn, .prerouting:
            areas[index].watchesEntry = true
        case .input: areas[index].lastInputRank = max(areas[index].lastInputRank, place.rank)
        case .forward: areas[index].watchesForward = true
        case .linkOut, .bridgeOut, .postrouting: areas[index].watchesOut = true
        default: break
        }
    }

    /// 0…99 within the phase: links at ends, stages by their priorities, each stage's own chains in between.
    private static func stageRank(_ point: VantagePoint) -> Int32 {
        guard point.kind == .netfilter else { return 50 }
        if point.hook == .ingress { return 60 }
        if point.hook == .egress { return 40 }
        let stage: Int32 =
            switch point.stage {
            case .raw: 10
            case .mangle: 20
            case .dstnat: 30
            case nil: 35
            case .filter: 40
            case .security: 50
            case .srcnat: 60
            }
        return stage + (point.edge == .before ? -2 : point.edge == .after ? 2 : 0)
    }
}
