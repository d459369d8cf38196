internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem

extension Topology {
    /// Joins the devices whose other end, or lower device, lies in another namespace.
    ///
    /// A namespace numbers the others in its own way (netnsid, ip-netns(8)). The two ends of a veth pair name each
    /// other's index, which leaves few candidates; the kernel is then asked, from inside, which of them has the number.
    ///
    /// - Parameter readings: one for each of `namespaces`, in order.
    mutating func resolveFarEnds(_ readings: [NamespaceReading]) {
        var numbered: [NetnsidKey: Int] = [:]
        let byIndex = namespaces.map { namespace in
            [UInt32: Int](
                namespace.links.enumerated().map { ($1.index, $0) }, uniquingKeysWith: { first, _ in first })
        }
        // Which namespaces hold a device of this index that points at that one.
        var pointing: [DevicePair: [Int]] = [:]
        for (position, reading) in readings.enumerated() {
            for end in reading.farEnds where end.netnsid != nil {
                let own = namespaces[position].links[end.device].index
                pointing[DevicePair(index: own, farIndex: end.index), default: []].append(position)
            }
        }
        // The namespace with the most ends first: each pair found there needs no question from its other side.
        let order = readings.indices.sorted { (readings[$1].farEnds.count, $0) < (readings[$0].farEnds.count, $1) }
        for position in order {
            let reading = readings[position]
            let questions = reading.farEnds.filter {
                $0.netnsid != nil && namespaces[position].links[$0.device].peer == nil
            }
            if !questions.isEmpty {
                let candidates = Self.candidates(
                    questions, of: position, in: self, pointing: pointing, byIndex: byIndex)
                for (netnsid, found) in Self.ask(candidates, from: namespaces[position], of: self) {
                    numbered[NetnsidKey(namespace: position, netnsid: netnsid)] = found
                }
            }
            for end in reading.farEnds {
                let target = end.netnsid == nil ? position : numbered[key(position, end)]
                guard let target, let device = byIndex[target][end.index] else { continue }
                join(position, end.device, to: target, device)
            }
        }
    }

    private struct NetnsidKey: Hashable {
        var namespace: Int
        var netnsid: Int32
    }

    private struct DevicePair: Hashable {
        var index: UInt32
        var farIndex: UInt32
    }

    private func key(_ position: Int, _ end: NamespaceReading.FarEnd) -> NetnsidKey {
        NetnsidKey(namespace: position, netnsid: end.netnsid ?? -1)
    }

    private mutating func join(_ position: Int, _ device: Int, to target: Int, _ far: Int) {
        let farName = namespaces[target].links[far].name
        if namespaces[position].links[device].kind.isPair {
            namespaces[position].links[device].peer = Link.Peer(namespace: namespaces[target].name, device: farName)
            if namespaces[target].links[far].kind == namespaces[position].links[device].kind {
                namespaces[target].links[far].peer = Link.Peer(
                    namespace: namespaces[position].name, device: namespaces[position].links[device].name)
            }
        } else {
            namespaces[position].links[device].lower = farName
            if target != position { namespaces[position].links[device].lowerNamespace = namespaces[target].name }
        }
    }

    /// For each number asked for, the namespaces that may have it, the likeliest first.
    private static func candidates(
        _ questions: [NamespaceReading.FarEnd], of position: Int, in topology: Topology,
        pointing: [DevicePair: [Int]], byIndex: [[UInt32: Int]]
    ) -> [Int32: [Int]] {
        var candidates: [Int32: [Int]] = [:]
        for question in questions {
            guard let netnsid = question.netnsid else { continue }
            let link = topology.namespaces[position].links[question.device]
            var found = pointing[DevicePair(index: question.index, farIndex: link.index)] ?? []
            if link.kind != .veth {
                found = byIndex.indices.filter { byIndex[$0][question.index] != nil }
            }
            candidates[netnsid, default: []] += found.filter { $0 != position }
        }
        return candidates
    }

    private static func ask(_ candidates: [Int32: [Int]], from namespace: Namespace, of topology: Topology)
        -> [Int32: Int]
    {
        let targets = Set(candidates.values.joined()).sorted().map { ($0, topology.namespaces[$0]) }
        let wanted = Set(candidates.keys)
        let work: @Sendable () throws -> [Int32: Int] = {
            var found: [Int32: Int] = [:]
            var conversation = NetlinkConversation(try NetlinkSocket(.route))
            for (position, target) in targets where found.count < wanted.count {
                guard let file = try? NetworkNamespaceFile(path: target.path), file.inode == target.inode,
                    let netnsid = withExtendedLifetime(
                        file, { try? conversation.namespaceIdentifier(of: file.descriptor) }), wanted.contains(netnsid)
                else { continue }
                found[netnsid] = position
            }
            return found
        }
        do {
            let file = try NetworkNamespaceFile(path: namespace.path)
            guard file.inode == namespace.inode else { return [:] }
            if file.inode == NamespaceSearch.inode(ofLink: "/proc/thread-self/ns/net") { return try work() }
            return try file.perform(work)
        } catch {
            return [:]
        }
    }
}
