internal import WalkModel
import Observations
import Network
import Wire

/// Vantage points, devices and namespaces as numbers, for the engine's inner loops: what is joined to what is asked of the
/// network graph once for each snapshot, and kept by number.
///
/// All of one host: an engine takes the events of one run. A namespace is known by its inode where a snapshot tells it. So
/// it stays the same where it gets another name, and another one that takes its name over is not mistaken for it. Nor is one
/// that takes its inode over, which the kernel gives again as soon as it is free: a snapshot without it stands between the two.
struct Places {
    /// Of the newest snapshot.
    private(set) var graph: NetworkGraph?
    /// When the newest snapshot was read; the earliest time for the first one.
    private var newestNanoseconds = Int64.min
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
    /// Numbers of the graph's devices, by their namespace's position and their own.
    private var numbers: [[Int32]] = []

    private struct DeviceName: Hashable {
        var namespace: Int32
        var name: String
    }

    /// The place of a vantage point; -1 where it was never declared, or of a kind that has no place.
    @inline(__always)
    func place(of vantage: UInt32) -> Int32 {
        Int(vantage) < placeByVantage.count ? placeByVantage[Int(vantage)] : -1
    }

    func point(_ place: Place) -> VantagePoint { pointOfPlace[Int(place.number)] }

    func area(named name: String) -> Int32 { areaByName[name] ?? -1 }

    func device(namespace area: Int32, index: UInt32) -> Int32 {
        guard index != 0, area >= 0 else { return -1 }
        return number(graph?.device(index: index, at: areas[Int(area)].topologyIndex))
    }

    func device(namespace: Int32, name: String) -> Int32 {
        deviceByName[DeviceName(namespace: namespace, name: name)] ?? -1
    }

    func namespace(_ area: Int32) -> Namespace? {
        guard area >= 0, let graph, areas[Int(area)].topologyIndex >= 0 else { return nil }
        return graph.topology.namespaces[areas[Int(area)].topologyIndex]
    }

    /// The base chain that a rule was met in.
    func baseChain(of rule: RuleEvent) -> RuleChain? {
        namespace(area(named: rule.namespace))?.netfilter.chains.first {
            $0.family == rule.reference.family && $0.table == rule.reference.table
                && $0.name == rule.baseChain ?? rule.reference.chain
        }
    }

    func holds(_ address: IPAddress, in area: Int32) -> Bool {
        let position = areas[Int(area)].topologyIndex
        return address.isLoopback || graph?.holders(of: address).contains { $0.namespace == position } ?? false
    }

    private func number(_ device: NetworkGraph.Device?) -> Int32 {
        device.map { numbers[$0.namespace][$0.link] } ?? -1
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
    ///
    /// - Parameter timeNanoseconds: when it was read.
    mutating func replace(_ topology: Topology, at timeNanoseconds: Int64 = .min) {
        newestNanoseconds = graph == nil ? .min : timeNanoseconds
        graph = NetworkGraph(topology)
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

    private mutating func internDevice(_ namespace: Int32, _ name: String, since: Int64 = .min) -> Int32 {
        let key = DeviceName(namespace: namespace, name: name)
        if let known = deviceByName[key] { return known }
        let number = Int32(devices.count)
        devices.append(Device(namespace: namespace, sinceNanoseconds: since))
        nameOfDevice.append(name)
        deviceByName[key] = number
        areas[Int(namespace)].devices.append(number)
        return number
    }

    /// Numbers stay as they are, since open walks hold them; what they mean is read anew.
    mutating func rebuild() {
        for index in areas.indices { areas[index].forget() }
        numbers = []
        if let graph { read(graph) }
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

    private mutating func read(_ graph: NetworkGraph) {
        defer {
            let present = Set(graph.topology.namespaces.map(\.inode))
            areaByInode = areaByInode.filter { present.contains($0.key) }
        }
        for (position, namespace) in graph.topology.namespaces.enumerated() {
            let area = internArea(namespace)
            areas[Int(area)].topologyIndex = position
            numbers.append(namespace.links.map { internDevice(area, $0.name, since: newestNanoseconds) })
        }
        for device in graph.devices {
            let link = graph[device]
            let own = Int(number(device))
            devices[own].isKnown = true
            devices[own].index = link.index
            devices[own].isBridge = link.kind == .bridge
            devices[own].isTunnel = link.kind.isTunnel
            devices[own].isLoopback = link.isLoopback
            devices[own].handsOn = link.handsOn(in: graph.namespace(of: device))
            devices[own].mac = link.mac?.value ?? 0
            devices[own].master = number(graph.master(of: device))
            devices[own].lower = number(graph.lower(of: device))
            devices[own].peer = number(graph.peer(of: device))
        }
    }

    private mutating func register(_ vantage: VantageID, _ declared: VantagePoint, area: Int32) {
        var point = declared
        point.namespace = areas[Int(area)].name
        let device = point.device.map { internDevice(area, $0) } ?? -1
        if device >= 0, point.device == "lo" { devices[Int(device)].isLoopback = true }
        guard let phase = FlowPhase(point, isBridge: device >= 0 && devices[Int(device)].isBridge) else { return }
        var place = Place(
            number: 0, namespace: area, device: device, phase: phase, rank: phase.rank(of: point),
            isLink: point.kind == .link, isIn: point.direction == .in,
            isUndirected: point.kind == .link && point.direction == nil)
        place.number = number(of: vantage, place, point)
        if place.isLink, device >= 0 {
            if place.isIn {
                devices[Int(device)].vantageIn = place.number
            } else {
                devices[Int(device)].vantageOut = place.number
            }
        }
        areas[Int(area)].watch(place, onLoopback: device >= 0 && devices[Int(device)].isLoopback)
    }

    /// Keeps a place by the number that its vantage point had before, or by a new one.
    private mutating func number(of vantage: VantageID, _ place: Place, _ point: VantagePoint) -> Int32 {
        var place = place
        let known = self.place(of: vantage.rawValue)
        if known >= 0 {
            place.number = known
            places[Int(known)] = place
            pointOfPlace[Int(known)] = point
            return known
        }
        place.number = Int32(places.count)
        places.append(place)
        pointOfPlace.append(point)
        while placeByVantage.count <= Int(vantage.rawValue) { placeByVantage.append(-1) }
        placeByVantage[Int(vantage.rawValue)] = place.number
        return place.number
    }
}

extension Link {
    /// Whether what comes in may go out by another device, whatever its destination.
    fileprivate func handsOn(in namespace: Namespace) -> Bool {
        programs.contains { $0.hasPrefix("tc ingress") && namespace.redirectTarget(of: $0) != nil }
            || namespace.netfilter.chains.contains { chain in
                chain.hook == .ingress && chain.devices?.contains(name) == true
                    && chain.rules.contains { $0.text.contains("fwd to") || $0.text.contains("dup to") }
            }
    }
}
