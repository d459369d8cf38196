internal import WalkModel
import Observations
import Network
import Wire

/// The state of a `WalkEngine`.
///
/// The way of a sighting: `CohortStore` gathers what shares a label; when a cohort has been quiet long enough it is
/// *partitioned* into packets (`EngineCore+Partition`), each packet's sightings are *arranged* into a tree
/// (`EngineCore+Arrangement`), and the walk is *judged* and written to the batch (`EngineCore+Judgement`).
struct EngineCore {
    let options: WalkEngine.Options
    var store: CohortStore
    var places = Places()
    var precedence = Precedence(places: [], devices: [], areas: [])
    var translations: TranslationTable
    /// Requests by what their answers will look like.
    var answers = AnswerTable()
    /// The same by what an error would quote; apart, since hardly any of them is ever asked for.
    var quotable = AnswerTable()
    /// Replies that ended before what they answer, by the same keys.
    var earlyAnswers = AnswerTable()
    var batch = WalkBatch()
    var statistics = WalkEngine.Statistics()
    var losses: [Loss] = []
    var routes: [RouteKey: RouteDecision] = [:]
    var context: WalkContext?
    /// Vantage points or the topology changed since `places` was worked out.
    private var placesAreStale = false
    var watermark: Int64 = .min
    /// Of the first observation.
    var beginning: Int64 = .max
    /// The stream has ended: what is open may go on behind its end.
    var isClosing = false
    /// Conntrack entries that are gone, but whose last packets may still be on their way.
    var destroyed: [(timeNanoseconds: Int64, namespace: Int32, original: FlowKey, reply: FlowKey)] = []
    var destroyedStart = 0

    // Scratch of one cohort's ending, kept for its capacity.
    var members: ContiguousArray<Int32> = []
    var keys: ContiguousArray<FlowKey> = []
    var keyIndex: ContiguousArray<Int32> = []
    var flowClass: ContiguousArray<Int32> = []
    /// By index of a flow, the flows that conntrack says it can have been before or become.
    var translatedFlows: [Int32: ContiguousArray<Int32>] = [:]
    /// Of the flow being told apart: how many look-alikes passed one place, and their least distance in nanoseconds.
    var lookalikes = 1
    var spacing = Int64.max
    /// Whether the fragments of the cohort being told apart can be of one datagram.
    var isOneDatagram = true
    var packetOf: ContiguousArray<Int32> = []
    var parentOf: ContiguousArray<Int32> = []
    var isUncertain: ContiguousArray<Bool> = []
    var joinOf: ContiguousArray<Join> = []
    var arrangement = Arrangement()
    var arrangements = ArrangementMemo()
    /// Which hooks have been seen at work, by namespace: bit 0 IPv4, bit 1 IPv6.
    var hooksSeen: ContiguousArray<UInt8> = []
    /// Whether conntrack's word of a namespace was heard.
    var hasConntrack: ContiguousArray<Bool> = []
    /// By namespace.
    var rulesHeard: [Int32: RulesHeard] = [:]
    /// Whether the cohort being ended is one packet's.
    var isOnlyPacket = true
    /// ICMP errors by the label of the packet that they speak of, while it may still be open.
    var errors: [UInt64: PacketError] = [:]
    /// Cohorts that ended as if their packet had gone on, or begun, in another form: see `settleDeferred`.
    var deferred: ContiguousArray<Int32> = []
    var deferredStreams: Set<UInt64> = []
    /// By number of a cohort whose packet may be held in a queue, what its answers would look like.
    var awaited: [Int32: (content: UInt64, error: UInt64)] = [:]
    /// By number of the cohort that holds it.
    var families: [Int32: Family] = [:]
    /// Of the packet being written: whether it was cut or put together, and by position, of how many.
    var isOfParts = false
    var mergedFrom: [Int32] = []
    /// Whether the bytes of the packet being written were seen to go on in another packet.
    var bytesGoOn = false
    var lastSeenAt: ContiguousArray<Int32> = []
    var serial: Int32 = 0
    var nextErrorSweep: Int64 = .min
    /// Notes of the cohort being ended that a walk of it has taken.
    var usedNotes: Set<Int> = []
    /// Notes of the cohort being ended.
    var openNotes: [(number: Int, content: CohortStore.Note.Content)] = []

    struct RouteKey: Hashable {
        var namespace: String
        var tuple: FlowTuple
    }

    /// How a sighting was tied to the one before it.
    struct Join {
        var confidence: Confidence = .exact
        var joint: Joint = .label
    }

    init(options: WalkEngine.Options) {
        self.options = options
        store = CohortStore(quietNanoseconds: options.quietNanoseconds)
        translations = TranslationTable(limit: options.translationLimit)
    }

    // MARK: Taking

    mutating func take(_ observation: borrowing Observation) {
        if placesAreStale { settlePlaces() }
        let place = places.place(of: observation.vantage.rawValue)
        guard place >= 0, observation.headers.label != 0, observation.headers.network != .other else {
            statistics.ignored += 1
            return
        }
        statistics.observations += 1
        beginning = min(beginning, observation.timeNanoseconds)
        if !places.places[Int(place)].isLink {
            hooksSeen[Int(places.places[Int(place)].namespace)] |=
                observation.headers.source.family == .ipv6 ? 2 : 1
        }
        let isTunnelled = observation.headers.tunnelKind != .none
        let quotesPacket = observation.headers.flags.contains(.quotesPacket)
        let detail = isTunnelled || quotesPacket ? keepDetail(observation) : -1
        store.insert(observation, place: place, detail: detail, key: Self.cohortKey(observation.headers))
        if observation.headers.datagramStart != 0, observation.headers.isFragment {
            _ = store.tie(Self.cohortKey(observation.headers), to: Self.startKey(observation.headers))
        }
        if store.openSightings > options.sightingLimit { forceSome() }
    }

    private mutating func keepDetail(_ observation: borrowing Observation) -> Int32 {
        let headers = observation.headers
        if headers.quotedLabel != 0 {
            if errors.count > options.noteLimit { errors.removeAll() }
            errors[headers.quotedLabel] = PacketError(headers, observation.timeNanoseconds)
        }
        return store.keep(PacketDetail(headers))
    }

    /// What all sightings of one packet share. Fragments share only their datagram's key with it; so packets that may
    /// be fragments' whole are gathered by that as well, and told apart by their label when the cohort ends.
    static func cohortKey(_ headers: borrowing PacketHeaders) -> UInt64 {
        if headers.isFragment { return mix(headers.datagramKey, 0x5bd1_e995) }
        if headers.datagramStart != 0 { return startKey(headers) }
        guard headers.length > 1000, headers.datagramKey != 0, headers.ipProtocol != .tcp else { return headers.label }
        let mayFragment = !headers.flags.contains(.dontFragment)
        return mayFragment ? mix(headers.datagramKey, 0x5bd1_e995) : headers.label
    }

    /// Of an IPv6 datagram and its first fragment.
    private static func startKey(_ headers: borrowing PacketHeaders) -> UInt64 {
        mix(headers.datagramStart, 0x6461_7461)
    }

    mutating func take(_ event: Event) {
        switch event {
        case .packet(let observation):
            take(observation)
        case .watermark(let time):
            if placesAreStale { settlePlaces() }
            advance(to: time)
        case .vantage(let identifier, let point):
            if places.declare(identifier, point) { placesAreStale = true }
        case .topology(let topology, _):
            places.replace(topology)
            placesAreStale = true
        case .flow(let flow):
            if placesAreStale { settlePlaces() }
            take(flow)
        case .route(let decision):
            if routes.count >= options.routeLimit { routes.removeAll(keepingCapacity: true) }
            routes[RouteKey(namespace: decision.namespace, tuple: decision.tuple)] = decision
            context = nil
        case .rule(let rule):
            heard(rule)
            take(.rule(rule), headers: rule.headers, timeNanoseconds: rule.timeNanoseconds)
        case .drop(let drop):
            take(.drop(drop), headers: drop.headers, timeNanoseconds: drop.timeNanoseconds)
        case .sendFailure(let failure):
            emitUnsent(failure)
        case .loss(let loss):
            losses.append(loss)
        case .counters:
            break
        }
    }

    /// A run declares its vantage points one by one, hundreds of them: what follows from them is worked out once.
    private mutating func settlePlaces() {
        placesAreStale = false
        places.rebuild()
        precedence = Precedence(places: places.places, devices: places.devices, areas: places.areas)
        arrangements.removeAll()
        context = nil
        while hooksSeen.count < places.areas.count { hooksSeen.append(0) }
        while hasConntrack.count < places.areas.count { hasConntrack.append(false) }
        while lastSeenAt.count < places.places.count { lastSeenAt.append(0) }
    }

    private mutating func take(_ flow: FlowEvent) {
        let area = places.area(named: flow.namespace)
        if area >= 0 { hasConntrack[Int(area)] = true }
        let original = FlowKey(flow.original)
        let reply = FlowKey(flow.reply)
        if flow.change == .destroy {
            if reply.reversed != original {
                destroyed.append((flow.timeNanoseconds, area, original, reply))
            }
        } else {
            translations.insert(
                namespace: area, original: original, reply: reply, timeNanoseconds: flow.timeNanoseconds)
        }
    }

    private mutating func take(
        _ content: CohortStore.Note.Content, headers: PacketHeadersRecord, timeNanoseconds: Int64
    ) {
        guard headers.label != 0, store.openNotes < options.noteLimit else {
            statistics.ignoredNotes += 1
            return
        }
        var key = headers.label
        if !store.isOpen(key: key), headers.identification != 0, headers.tuple.source.isIPv4 {
            // As `PacketHeaders.datagramKey` packs it.
            let datagram =
                4 << 56 | UInt64(headers.tuple.ipProtocol.rawValue) << 48 | UInt64(headers.identification)
            let datagramCohort = mix(datagram, 0x5bd1_e995)
            if store.isOpen(key: datagramCohort) { key = datagramCohort }
        }
        store.insert(content, key: key, timeNanoseconds: timeNanoseconds)
    }

    // MARK: Time

    mutating func advance(to time: Int64) {
        guard time > watermark else { return }
        watermark = time
        while let ended = store.nextEnded(watermark: time) {
            let start = batch.records.count
            var number = ended.head
            while number >= 0 {
                let next = store.nextInBucket(number)
                end(number, by: ended.timeNanoseconds)
                number = next
            }
            settleDeferred(by: ended.timeNanoseconds)
            batch.order(from: start)
            answer(from: start)
        }
        while destroyedStart < destroyed.count,
            destroyed[destroyedStart].timeNanoseconds + 4 * store.quietNanoseconds < time
        {
            let gone = destroyed[destroyedStart]
            translations.remove(
                namespace: gone.namespace, original: gone.original, reply: gone.reply,
                timeNanoseconds: gone.timeNanoseconds)
            destroyedStart += 1
        }
        if destroyedStart > 1024, destroyedStart * 2 > destroyed.count {
            destroyed.removeFirst(destroyedStart)
            destroyedStart = 0
        }
        if !errors.isEmpty, time > nextErrorSweep {
            nextErrorSweep = time + 8 * store.quietNanoseconds
            errors = errors.filter { $0.value.timeNanoseconds + 8 * store.quietNanoseconds > time }
        }
        let lossReach = options.queueNanoseconds + 4 * store.quietNanoseconds
        if let first = losses.first, first.timeNanoseconds + 2 * lossReach < time {
            losses.removeAll { $0.timeNanoseconds + lossReach < time }
        }
    }

    private mutating func end(_ number: Int32, by time: Int64) {
        let cohort = store.cohorts[Int(number)]
        let quiet = store.quietNanoseconds
        if cohort.lastNanoseconds + quiet > time {
            // Still busy. Wait for it, unless packets that look alike keep it busy for ever.
            let isFresh = cohort.firstNanoseconds + 4 * quiet > time || Self.hasGoneOn(cohort)
            if isFresh, cohort.count < options.cohortLimit {
                store.enqueue(number, deadline: cohort.lastNanoseconds + quiet)
                return
            }
            resolve(number, by: time, force: false)
            return
        }
        resolve(number, by: time, force: true)
    }

    /// Too many sightings wait: the oldest cohorts end now, whole or not.
    private mutating func forceSome() {
        let start = batch.records.count
        let target = options.sightingLimit - options.sightingLimit / 32
        while store.openSightings > target {
            var number = store.nextForced()
            if number < 0 { break }
            while number >= 0 {
                let next = store.nextInBucket(number)
                statistics.forced += 1
                resolve(number, by: .max, force: true)
                number = next
            }
            settleDeferred(by: .max)
        }
        batch.order(from: start)
        answer(from: start)
    }

    mutating func finish() {
        if placesAreStale { settlePlaces() }
        advance(to: watermark)
        isClosing = true
        while true {
            var number = store.nextForced()
            if number < 0 { break }
            let start = batch.records.count
            while number >= 0 {
                let next = store.nextInBucket(number)
                resolve(number, by: .max, force: true)
                number = next
            }
            settleDeferred(by: .max)
            batch.order(from: start)
            answer(from: start)
        }
    }

    /// Exchanges the batch for `spent`, whose memory the next one uses.
    mutating func drain(into spent: inout WalkBatch) {
        spent.removeAll()
        swap(&batch, &spent)
        if placesAreStale { settlePlaces() }
        if context == nil { context = WalkContext(places: places, routes: routes) }
        spent.context = context
    }
}
