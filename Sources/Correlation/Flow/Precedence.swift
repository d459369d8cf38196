internal import WalkModel
import Observations
import Wire

/// How well one sighting fits as the one just before another, by the kernel's packet flow and the topology.
///
/// Higher fits better; 0 is impossible. The value is a class plus the place's rank in its namespace, so that among
/// sightings of one class the one nearest before wins. [Decision 6](../../../docs/decisions/0006-correlation.md) lists
/// the classes.
///
/// A class without state: an object, so that what asks by the square never copies it.
final class Precedence: Sendable {
    /// Everything from here on is a neighbour that the topology or the packet flow names.
    static let adjacent: Int32 = 30_000
    /// From one device to another that stands on it, as far as direction, hop limit and order tell: no snapshot does.
    static let stackedGuess: Int32 = 15_000
    /// Two points of one hook, the hop limit changed between them.
    static let rewritten: Int32 = 12_000
    /// Nothing but time and hop limit speaks for it.
    static let undirected: Int32 = 8_000
    /// Scores of one class differ by less than this.
    static let classSize: Int32 = 10_000
    /// Below this a join is never exact: no place that is watched lies near.
    static let near: Int32 = 20_000
    /// The far end of the same cable.
    static let crossing: Int32 = 100_000

    private let places: ContiguousArray<Place>
    private let devices: ContiguousArray<Device>
    private let areas: ContiguousArray<Area>

    init(places: ContiguousArray<Place>, devices: ContiguousArray<Device>, areas: ContiguousArray<Area>) {
        self.places = places
        self.devices = devices
        self.areas = areas
    }

    /// - Parameters:
    ///   - first: the candidate for the earlier sighting.
    ///   - second: the later one.
    func score(_ first: OrderingKey, before second: OrderingKey) -> Int32 {
        let from = places[Int(first.place)]
        let to = places[Int(second.place)]
        // Two captures of one machine are stamped by one clock: a cause doesn't follow its effect.
        if first.clock == .passage, second.clock == .passage {
            if first.timeNanoseconds > second.timeNanoseconds { return 0 }
        }
        if from.namespace != to.namespace {
            return crossing(first, from, second, to)
        }
        if from.isUndirected || to.isUndirected { return undirected(first, from, second, to) }
        if from.device >= 0, from.device == to.device, devices[Int(from.device)].isLoopback {
            // Over lo a packet goes out and comes in again.
            if from.phase == .linkOut, to.phase == .linkIn { return first.ttl == second.ttl ? Self.crossing : 0 }
        }
        if first.tunnelKind != second.tunnelKind {
            return tunnelEnd(first, from, second, to)
        }
        return within(first, from, second, to)
    }

    private func crossing(_ first: OrderingKey, _ from: Place, _ second: OrderingKey, _ to: Place) -> Int32 {
        guard first.ttl >= second.ttl else { return 0 }
        if isStacked(from, to) { return first.ttl == second.ttl ? 90_000 : 0 }
        let peer = to.device >= 0 ? devices[Int(to.device)].peer : -1
        if to.phase == .linkIn, from.phase == .linkOut || from.phase == .bridgeOut {
            if peer >= 0 {
                if peer == from.device { return first.ttl == second.ttl ? Self.crossing : 0 }
                // The other end is watched: what came in here went out there, and nowhere else.
                if devices[Int(peer)].vantageOut >= 0 { return 0 }
            }
            let far = from.device >= 0 ? devices[Int(from.device)].peer : -1
            if far >= 0, far != to.device, devices[Int(far)].vantageIn >= 0 { return 0 }
            return 10_000 + (peer < 0 && far < 0 ? 500 : 0)
        }
        if to.phase == .linkIn {
            // The far end's own sight is missing: what was seen before it in its namespace will do.
            if peer >= 0, devices[Int(peer)].namespace == from.namespace {
                return devices[Int(peer)].vantageOut >= 0 && from.isLink && !from.isIn ? 0 : 20_000 + from.rank
            }
            return 0
        }
        // Into the middle of a namespace whose entries nobody watches.
        if areas[Int(to.namespace)].watchesEntry, to.phase != .prerouting { return 0 }
        if to.phase == .output { return 0 }
        if to.phase == .prerouting {
            if let entry = device(second.inDevice, in: to.namespace), entry.vantageIn < 0, entry.peer >= 0 {
                // The hook names the device that it came in by, and nobody watches that one.
                guard devices[Int(entry.peer)].namespace == from.namespace, first.ttl == second.ttl else { return 0 }
                // Less than the hooks' order among themselves: only the first of them follows.
                if from.phase == .linkOut { return entry.peer == from.device ? 45_000 : 0 }
            } else if watchesLinks(to.namespace) {
                return 0
            }
        }
        return from.phase == .linkOut || from.phase == .bridgeOut ? 5_000 : 1_000 + from.rank
    }

    /// Whether one device stands directly on the other and a packet goes from one to the other in its direction: out of
    /// a macvlan by its parent, or in by the parent to the macvlan. From one macvlan to another of the same parent the parent
    /// sees it come in (macvlan_queue_xmit).
    private func isStacked(_ from: Place, _ to: Place) -> Bool {
        guard from.device >= 0, to.device >= 0 else { return false }
        if from.phase == .linkOut, to.phase == .linkOut { return devices[Int(from.device)].lower == to.device }
        if from.phase == .linkIn, to.phase == .linkIn { return devices[Int(to.device)].lower == from.device }
        if from.phase == .linkOut, to.phase == .linkIn { return devices[Int(from.device)].lower == to.device }
        return false
    }

    /// The device of a namespace by its index; nil where none is known.
    private func device(_ index: UInt32, in area: Int32) -> Device? {
        guard index != 0, let number = areas[Int(area)].devices.first(where: { devices[Int($0)].index == index }) else {
            return nil
        }
        return devices[Int(number)]
    }

    /// From device to device of one namespace, where a capture doesn't tell directions: times and hop limit decide.
    private func undirected(_ first: OrderingKey, _ from: Place, _ second: OrderingKey, _ to: Place) -> Int32 {
        guard from.device != to.device || from.device < 0, first.ttl == second.ttl || first.ttl == second.ttl &+ 1,
            isOrdered(first, second)
        else { return 0 }
        return Self.undirected
    }

    private func watchesLinks(_ area: Int32) -> Bool {
        areas[Int(area)].devices.contains { devices[Int($0)].vantageIn >= 0 && !devices[Int($0)].isLoopback }
    }

    /// Into or out of a tunnel, within one namespace. Scores less than two sightings on the same side of the tunnel's end:
    /// of all that is seen of the outer packet only the first comes straight from the inner one.
    private func tunnelEnd(_ first: OrderingKey, _ from: Place, _ second: OrderingKey, _ to: Place) -> Int32 {
        // A router puts labels before what it forwards and takes them off, without a packet or a device of its own.
        let isLabelled = first.tunnelKind == .none ? second.tunnelKind == .mpls : first.tunnelKind == .mpls
        if isLabelled, from.phase.isBeforeRouting, to.phase == .linkOut {
            return first.ttl == second.ttl || first.ttl == second.ttl &+ 1 ? 45_000 + from.rank : 0
        }
        if first.tunnelKind == .none {
            // Wrapped: the outer packet is locally made, so it starts at output.
            guard to.phase >= .output else { return 0 }
            guard from.phase > .prerouting || !from.isIn else { return 0 }
            let isTunnel = from.device >= 0 && devices[Int(from.device)].isTunnel
            return 45_000 + (isTunnel ? 3_000 : 0) + from.rank
        }
        guard second.tunnelKind == .none else { return 0 }
        // Unwrapped: the inner packet comes in at the tunnel's device, or is met at the first hook after it.
        guard from.phase <= .input, to.phase <= .forward else { return 0 }
        let isTunnel = to.device >= 0 && devices[Int(to.device)].isTunnel
        if to.isLink, !isTunnel, to.device >= 0, devices[Int(to.device)].isKnown { return 0 }
        return 45_000 + (isTunnel ? 3_000 : 0) + from.rank
    }

    /// From a device that hands what comes in to another one, which sends it as it is.
    private static let handedOn: Int32 = 45_000

    private func within(_ first: OrderingKey, _ from: Place, _ second: OrderingKey, _ to: Place) -> Int32 {
        let fromPhase = phase(first, from)
        let toPhase = phase(second, to)
        let fromRank = from.rank - from.phase.rawValue * 100 + fromPhase.rawValue * 100
        let toRank = to.rank - to.phase.rawValue * 100 + toPhase.rawValue * 100
        let isRouted = fromPhase.isBeforeRouting && toPhase.isAfterRouting && toPhase != .output
        let keepsTTL = first.ttl == second.ttl
        if !keepsTTL, !isRouted, fromPhase == toPhase, !from.isLink, !to.isLink, fromRank < toRank {
            // A rule set it (the TTL and HL targets, `ip ttl set`). Less than one that kept it: a packet that comes again,
            // in a loop, has a lower one too.
            return isOrdered(first, second) ? Self.rewritten + fromRank : 0
        }
        guard keepsTTL || isRouted && first.ttl == second.ttl &+ 1 else { return 0 }
        let fromDevice = from.device >= 0 ? devices[Int(from.device)] : nil
        let toDevice = to.device >= 0 ? devices[Int(to.device)] : nil
        if fromPhase == toPhase, from.isLink, let fromDevice, let toDevice, !fromDevice.isKnown, !toDevice.isKnown {
            return keepsTTL && from.device != to.device && isOrdered(first, second) ? Self.stackedGuess : 0
        }

        // Stacked devices: a bridge above its ports, a macvlan above its lower device.
        if fromPhase == .linkOut || fromPhase == .bridgeOut {
            if let fromDevice, toPhase == .linkIn, keepsTTL, fromDevice.lower >= 0, fromDevice.lower == to.device {
                return 90_000
            }
            guard let fromDevice, let toDevice, toPhase == .linkOut, keepsTTL else { return 0 }
            if fromDevice.isBridge, toDevice.master == from.device { return 90_000 }
            if fromDevice.lower >= 0, fromDevice.lower == to.device { return 90_000 }
            return 0
        }
        if toPhase == .linkIn {
            guard let toDevice, keepsTTL else { return 0 }
            // libpcap shows a packet on lo once, coming in.
            if toDevice.isLoopback { return fromPhase == .output || fromPhase == .postrouting ? 80_000 + fromRank : 0 }
            guard fromPhase == .linkIn else { return 0 }
            return toDevice.lower >= 0 && toDevice.lower == from.device ? 90_000 : 0
        }
        guard fromRank < toRank else { return 0 }
        switch toPhase {
        case .bridgeIn:
            if fromPhase == .bridgedPrerouting { return 80_000 + fromRank }
            guard fromPhase == .linkIn, let fromDevice else { return 0 }
            return fromDevice.master == to.device ? 80_000 + fromRank : !fromDevice.isKnown ? 40_000 + fromRank : 0
        case .linkOut:
            if keepsTTL, fromPhase == .linkIn, fromDevice?.handsOn == true, from.device != to.device,
                fromDevice.map({ $0.master < 0 || $0.master != toDevice?.master }) == true
            {
                return Self.handedOn + fromRank
            }
            if let toDevice, toDevice.master >= 0 {
                if first.physicalOutDevice != 0, keepsTTL { return 80_000 + fromRank }
                if fromPhase.isAfterRouting { return 60_000 + fromRank }
                if keepsTTL {
                    // Bridged from port to port.
                    guard fromPhase == .linkIn || fromPhase == .bridgedPrerouting else { return 0 }
                    if let fromDevice, fromDevice.master != toDevice.master { return 0 }
                    return 70_000 + fromRank
                }
                return 30_000 + fromRank
            }
            // Seen going out with the TTL it came in with, and no bridge between: not forwarded by IP.
            if keepsTTL, fromPhase.isBeforeRouting, second.network != .arp, let toDevice, toDevice.isKnown,
                second.ttl != 0
            {
                return 0
            }
            return 50_000 + fromRank
        case .prerouting, .input, .forward, .postrouting, .bridgedPrerouting:
            if toPhase == .forward || toPhase == .postrouting, keepsTTL, fromPhase.isBeforeRouting {
                // The hooks after routing see the TTL already lowered, unless a bridge called them.
                guard second.physicalInDevice != 0 || second.physicalOutDevice != 0 || toPhase == .postrouting else {
                    return 0
                }
                if toPhase == .postrouting, second.physicalOutDevice == 0 { return 0 }
            }
            if fromPhase == .output || fromPhase == .socketOut, toPhase == .input || toPhase == .forward { return 0 }
            if fromPhase == .input, toPhase != .input { return 0 }
            if toPhase == .prerouting, from.isLink, second.inDevice != 0, let fromDevice, fromDevice.index != 0,
                fromDevice.index != second.inDevice
            {
                return 40_000 + fromRank
            }
            return 50_000 + fromRank
        case .output:
            return fromPhase == .output || fromPhase == .socketOut ? 50_000 + fromRank : 0
        case .bridgeOut:
            if keepsTTL, fromPhase.isBeforeRouting { return 0 }
            return 50_000 + fromRank
        case .socketIn:
            return 50_000 + fromRank
        case .linkIn, .socketOut:
            return 0
        }
    }

    /// What comes in keeps its stamp from device to device, from a bridge's port to the bridge.
    private func isOrdered(_ first: OrderingKey, _ second: OrderingKey) -> Bool {
        first.timeNanoseconds < second.timeNanoseconds
            || first.timeNanoseconds == second.timeNanoseconds
                && Int32(bitPattern: second.sourceSequence &- first.sourceSequence) >= 0
    }

    /// The phase of a sighting: br_netfilter calls prerouting before the bridge has decided, which only the message's
    /// own port index tells.
    private func phase(_ sighting: OrderingKey, _ place: Place) -> FlowPhase {
        place.phase == .prerouting && sighting.physicalInDevice != 0 ? .bridgedPrerouting : place.phase
    }
}
