import Network
import WalkModel

/// A walk as boxes from left to right: one for each namespace that it went through, with the stations inside.
///
/// Text, SVG, Mermaid and DOT draw the same layout. A namespace that is come back to gets a box again.
struct PathLayout {
    struct Station {
        var label: String
        /// Of a device, what it belongs to: a network of Docker, a virtual machine.
        var owner: String?
        var kind: WalkStep.Kind
        /// The steps that it stands for; none for a device that is known to lie between two of them.
        var numbers: [Int]
        /// `br-8534014c115f (shop)`
        var text: String { owner.map { "\(label) (\($0))" } ?? label }
    }

    enum Wire: Hashable {
        case plain
        /// The packet travels inside another one.
        case tunnel
        /// Nothing was seen on it.
        case missing
        /// To where nothing can be seen.
        case outside
    }

    struct Lane {
        var namespace: String
        var stations: [Station]
        /// To the next lane, or out of the drawing; nil where the walk ends in this lane.
        var wire: Wire?
        /// Nothing was seen here: drawn because the packet was expected.
        var isMissing = false
    }

    var lanes: [Lane] = []

    init(_ steps: WalkSteps, of walk: Walk, topology: Topology?) {
        for step in steps.steps {
            let isMissing = step.kind == .missing
            if lanes.last?.namespace != step.namespace {
                if !lanes.isEmpty {
                    lanes[lanes.count - 1].wire = isMissing ? .missing : step.isTunnelled ? .tunnel : .plain
                }
                lanes.append(Lane(namespace: step.namespace, stations: [], isMissing: isMissing))
            }
            guard let label = step.station else { continue }
            var stations = lanes[lanes.count - 1].stations
            if let last = stations.last, last.label == label, last.kind == step.kind, step.kind == .device {
                stations[stations.count - 1].numbers.append(step.number)
            } else {
                if let bridge = Self.bridge(between: stations.last, and: step, topology) {
                    let owner = topology?.ownerName(of: bridge, in: step.namespace)
                    stations.append(Station(label: bridge, owner: owner, kind: .device, numbers: []))
                }
                let owner = step.kind == .device ? topology?.ownerName(of: label, in: step.namespace) : nil
                stations.append(Station(label: label, owner: owner, kind: step.kind, numbers: [step.number]))
            }
            lanes[lanes.count - 1].stations = stations
        }
        if walk.hasLeft, !lanes.isEmpty { lanes[lanes.count - 1].wire = .outside }
    }

    /// For a drawing without a list of steps.
    mutating func removeNumbers() {
        for lane in lanes.indices {
            for station in lanes[lane].stations.indices { lanes[lane].stations[station].numbers = [] }
        }
    }

    /// The bridge that a frame crossed from port to port: no capture on the bridge itself sees it.
    private static func bridge(between last: Station?, and step: WalkStep, _ topology: Topology?) -> String? {
        guard let last, last.kind == .device, step.kind == .device,
            let namespace = topology?[namespace: step.namespace], let label = step.station,
            let master = namespace[device: last.label]?.master, namespace[device: label]?.master == master
        else { return nil }
        return master
    }
}

extension Topology {
    /// What a device belongs to, by its name: `shop` of `br-8534014c115f`. Nil where it says nothing that the device does not,
    /// as of Docker's first network, `bridge`.
    func ownerName(of device: String, in namespace: String) -> String? {
        guard let link = self[namespace: namespace]?[device: device], let owner = link.workload,
            owner.name != link.name, owner.name != link.kind.rawValue
        else { return nil }
        return owner.name
    }
}
