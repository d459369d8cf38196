internal import WalkModel
import Observations
import Wire

/// What precedence looks at in a sighting: small enough to be compared by the square.
struct Cue {
    var timeNanoseconds: Int64
    var place: UInt32
    var inDevice: UInt32
    var physicalInDevice: UInt32
    var physicalOutDevice: UInt32
    /// Not looked at by precedence: settles which of two equal times is the later.
    var sourceSequence: UInt32
    var ttl: UInt8
    var clock: Observation.Clock
    var tunnelKind: PacketHeaders.TunnelKind
    var network: PacketHeaders.Network

    @inline(__always)
    init(_ sighting: borrowing Sighting) {
        timeNanoseconds = sighting.timeNanoseconds
        place = sighting.vantage
        inDevice = sighting.inDevice
        physicalInDevice = sighting.physicalInDevice
        physicalOutDevice = sighting.physicalOutDevice
        sourceSequence = sighting.sourceSequence
        ttl = sighting.ttl
        clock = sighting.clock
        tunnelKind = sighting.tunnelKind
        network = sighting.network
    }

    /// What precedence, looking at this sighting and any before it, can tell it from another by, but for `inDevice`.
    /// Whatever `Precedence` comes to look at has to be in here: `ArrangementMemo` takes equal shapes for equal.
    ///
    /// - Parameters:
    ///   - firstTTL: of the packet's first sighting; hop limits are compared with each other alone.
    ///   - isLater: its time is above that of the sighting before; `comesLater`: its sequence number is.
    @inline(__always)
    func shape(firstTTL: UInt8, isLater: Bool, comesLater: Bool) -> UInt64 {
        // Places are fewer than a million; a difference of hop limits has nine bits and a sign.
        var word = UInt64(place) << 32
        word |= UInt64(UInt16(bitPattern: Int16(ttl) - Int16(firstTTL))) << 16
        word |= UInt64(clock.rawValue) << 12 | UInt64(tunnelKind.rawValue) << 8 | UInt64(network.rawValue) << 6
        if ttl == 0 { word |= 1 }
        if isLater { word |= 2 }
        if comesLater { word |= 4 }
        if physicalInDevice != 0 { word |= 8 }
        if physicalOutDevice != 0 { word |= 16 }
        return word
    }
}

/// How well one sighting fits as the one just before another, by the kernel's packet flow and the topology.
///
/// Higher fits better; 0 is impossible. The value is a class plus the place's rank in its namespace, so that among
/// sightings of one class the one nearest before wins.
struct Precedence {
    static let impossible: Int32 = 0
    /// Everything from here on is a neighbour that the topology or the packet flow names.
    static let adjacent: Int32 = 30_000
    /// Nothing but time and hop limit speaks for it.
    static let undirected: Int32 = 8_000
    /// The far end of the same cable.
    static let crossing: Int32 = 100_000

    let places: ContiguousArray<Place>
    let devices: ContiguousArray<Device>
    let areas: ContiguousArray<Area>

    /// - Parameters:
    ///   - first: the candidate for the earlier sighting.
    ///   - second: the later one.
    func score(_ first: Cue, before second: Cue) -> Int32 {
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

    private func crossing(_ first: Cue, _ from: Place, _ second: Cue, _ to: Place) -> Int32 {
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
    /// a macvlan by its parent, or in by the parent to the macvlan.
    private func isStacked(_ from: Place, _ to: Place) -> Bool {
        guard from.device >= 0, to.device >= 0 else { return false }
        if from.phase == .linkOut, to.phase == .linkOut { return devices[Int(from.device)].lower == to.device }
        if from.phase == .linkIn, to.phase == .linkIn { return devices[Int(to.device)].lower == from.device }
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
    private func undirected(_ first: Cue, _ from: Place, _ second: Cue, _ to: Place) -> Int32 {
        guard from.device != to.device || from.device < 0, first.ttl == second.ttl || first.ttl == second.ttl &+ 1,
            first.timeNanoseconds <= second.timeNanoseconds
        else { return 0 }
        return Self.undirected
    }

    private func watchesLinks(_ area: Int32) -> Bool {
        areas[Int(area)].devices.contains { devices[Int($0)].vantageIn >= 0 && !devices[Int($0)].isLoopback }
    }

    /// Into or out of a tunnel, within one namespace. Scores less than two sightings on the same side of the tunnel's end:
    /// of all that is seen of the outer packet only the first comes straight from the inner one.
    private func tunnelEnd(_ first: Cue, _ from: Place, _ second: Cue, _ to: Place) -> Int32 {
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

    private func within(_ first: Cue, _ from: Place, _ second: Cue, _ to: Place) -> Int32 {
        let fromPhase = phase(first, from)
        let toPhase = phase(second, to)
        let fromRank = from.rank - from.phase.rawValue * 100 + fromPhase.rawValue * 100
        let toRank = to.rank - to.phase.rawValue * 100 + toPhase.rawValue * 100
        let isRouted = fromPhase.isBeforeRouting && toPhase.isAfterRouting && toPhase != .output
        let keepsTTL = first.ttl == second.ttl
        guard keepsTTL || isRouted && first.ttl == second.ttl &+ 1 else { return 0 }
        let fromDevice = from.device >= 0 ? devices[Int(from.device)] : nil
        let toDevice = to.device >= 0 ? devices[Int(to.device)] : nil

        // Stacked devices: a bridge above its ports, a macvlan above its lower device.
        if fromPhase == .linkOut || fromPhase == .bridgeOut {
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

    /// The phase of a sighting: br_netfilter calls prerouting before the bridge has decided, which only the message's
    /// own port index tells.
    private func phase(_ sighting: Cue, _ place: Place) -> FlowPhase {
        place.phase == .prerouting && sighting.physicalInDevice != 0 ? .bridgedPrerouting : place.phase
    }
}
