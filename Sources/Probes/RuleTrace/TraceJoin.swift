internal import LinuxSystem
internal import Observations
internal import Wire

/// Finds the label of each traced packet among the sightings of its namespace, by the headers that the trace carries;
/// so that of a dropped packet whose payload the drop probe could not read.
///
/// The kernel's trace identifier says nothing beyond one base chain, and the label rests on bytes that no trace
/// carries. A traced rule waits for a sighting of its packet, for a while; where two packets with different labels show
/// the same headers at one time it stays without label, joined to neither. Segments of TCP that are sent again in IPv6, which has
/// no identification, differ in their labels alone, by their timestamps: they are told apart by time.
final class TraceJoin {
    private struct Slot {
        var key: UInt64 = 0
        var label: UInt64 = 0
        var timeNanoseconds: Int64 = 0
        /// The packet with the same headers before, with its last sighting; 0 for none.
        var earlierLabel: UInt64 = 0
        var earlierNanoseconds: Int64 = 0
        var isAmbiguous = false

        /// The packet that was seen last before a time.
        func packet(at time: Int64) -> (label: UInt64, timeNanoseconds: Int64) {
            earlierLabel == 0 || time >= timeNanoseconds - TraceJoin.jitter
                ? (label, timeNanoseconds) : (earlierLabel, earlierNanoseconds)
        }
    }

    private struct Waiting {
        var key: UInt64
        var event: Told
    }

    private enum Told {
        case rule(RuleEvent)
        case drop(DropEvent)

        var timeNanoseconds: Int64 {
            switch self {
            case .rule(let event): event.timeNanoseconds
            case .drop(let event): event.timeNanoseconds
            }
        }
    }

    /// Direct-mapped: a newer packet takes the place of an older one, some of which are then not found again.
    private var slots: [Slot] = []
    private var namespaces: [String: UInt64] = [:]
    /// Of each vantage point's namespace, as far as they were asked for since `namespaces` changed.
    private var numbers: [UInt64] = []
    private var waiting: [Waiting] = []
    /// Traced rules whose packet was not found.
    private(set) var unknown: UInt64 = 0
    private var lost: UInt64 = 0

    private static let slotCount = 1 << 17
    /// How long two sightings of one key can be one packet's.
    private static let span: Int64 = 500_000_000
    /// Sightings of two packets with one key are this far apart where one was sent again: TCP_RTO_MIN is twice as much.
    private static let apart: Int64 = 100_000_000
    /// By so much clocks of sources differ.
    private static let jitter: Int64 = 5_000_000
    /// How much later than a sighting its trace may be read.
    private static let memory: Int64 = 10_000_000_000
    /// Sightings are read this much later than rules, at most: NFLOG gathers messages for a hundredth of a second.
    private static let lag: Int64 = 50_000_000
    private static let waitingLimit = 65_536

    /// Whether packets of any namespace are looked for: else sightings need not be shown.
    var isArmed: Bool { !namespaces.isEmpty }

    func watch(_ namespace: String) {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: Self.slotCount) }
        if namespaces[namespace] == nil { namespaces[namespace] = UInt64(namespaces.count + 1) }
        numbers.removeAll(keepingCapacity: true)
    }

    func forget(_ namespace: String) {
        namespaces[namespace] = nil
        numbers.removeAll(keepingCapacity: true)
    }

    /// Of a vantage point's namespace; 0 where it is not watched.
    private func number(of vantage: VantageID, _ registry: VantageRegistry) -> UInt64 {
        let index = Int(vantage.rawValue)
        while numbers.count <= index {
            let next = VantageID(rawValue: UInt32(numbers.count))
            numbers.append(namespaces[registry[next].namespace] ?? 0)
        }
        return numbers[index]
    }

    /// Learns a sighting's label.
    func see(_ observation: borrowing Observation, at registry: VantageRegistry, bytes: RawSpan) {
        let label = observation.headers.label
        let number = number(of: observation.vantage, registry)
        guard label != 0, number != 0,
            let key = HeaderKey(packet: bytes, linkType: registry.linkType(of: observation.vantage))
        else { return }
        let mixed = Self.mixed(key, number)
        let place = Int(truncatingIfNeeded: mixed >> 7) & (Self.slotCount - 1)
        let time = observation.timeNanoseconds
        let old = slots[place]
        let isSame = old.key == mixed && abs(time - old.timeNanoseconds) < Self.span
        var new = Slot(key: mixed, label: label, timeNanoseconds: time)
        if isSame, old.label == label {
            (new.earlierLabel, new.earlierNanoseconds) = (old.earlierLabel, old.earlierNanoseconds)
            new.isAmbiguous = old.isAmbiguous
        } else if isSame {
            (new.earlierLabel, new.earlierNanoseconds) = (old.label, old.timeNanoseconds)
            new.isAmbiguous = abs(time - old.timeNanoseconds) < Self.apart
        }
        slots[place] = new
    }

    /// Takes a traced rule, stamped with the time of its reading. A nil key is that of a packet that no key can be made
    /// of. A label that it has already stays.
    func add(_ event: RuleEvent, key: HeaderKey?) {
        guard waiting.count < Self.waitingLimit else {
            lost += 1
            return
        }
        let number = namespaces[event.namespace] ?? 0
        waiting.append(Waiting(key: key.map { Self.mixed($0, number) } ?? 0, event: .rule(event)))
    }

    /// Takes a drop whose label is not the packet's: its payload lay where the probe can't read.
    /// - Returns: false where it can't wait: nothing is known of its namespace, or too many do.
    func add(_ event: DropEvent, key: HeaderKey) -> Bool {
        guard waiting.count < Self.waitingLimit, let number = event.namespace.flatMap({ namespaces[$0] }) else {
            return false
        }
        waiting.append(Waiting(key: Self.mixed(key, number), event: .drop(event)))
        return true
    }

    /// Hands on each traced rule whose packet was seen, with that sighting's time: a trace bears none, and on a busy
    /// machine it is read long after. A drop has a time of its own. What was told of long enough before `readUpTo`, up
    /// to which every source was read, waits no more.
    func release(readUpTo: Int64, into intake: Intake) {
        waiting.removeAll { told in
            let slot = slots[Int(truncatingIfNeeded: told.key >> 7) & (Self.slotCount - 1)]
            let isKnown = told.key != 0 && slot.key == told.key
            let time = told.event.timeNanoseconds
            let packet = slot.packet(at: time)
            let age = abs(time - packet.timeNanoseconds)
            // An old sighting may be another packet's: the right one is still waited for.
            guard isKnown && age < Self.span || time + Self.lag <= readUpTo else { return false }
            let found = isKnown && age < Self.memory && !slot.isAmbiguous ? packet : nil
            switch told.event {
            case .rule(var event):
                if let found {
                    event.timeNanoseconds = found.timeNanoseconds
                    if event.headers.label == 0 { event.headers.label = found.label }
                } else if event.headers.label == 0 {
                    unknown += 1
                }
                intake.event(.rule(event), timeNanoseconds: event.timeNanoseconds)
            case .drop(var event):
                if let found {
                    event.headers.label = found.label
                } else if !intake.sampler.share.isAll {
                    // One that is not looked at, most likely.
                    return true
                }
                intake.event(.drop(event), timeNanoseconds: time)
            }
            return true
        }
        if lost > 0 {
            intake.loss(
                Loss(
                    timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: "\(Loss.ruleTracePrefix)joining",
                    lost: lost))
            lost = 0
        }
    }

    private static func mixed(_ key: HeaderKey, _ namespace: UInt64) -> UInt64 {
        let product = (key.rawValue ^ namespace).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return max(1, product.high ^ product.low)
    }
}
