import TestSupport
import Observations
import Recording
import Runs
import WalkModel

/// The events of a recording, and what is left of them where the run begins later or ends earlier.
struct CutRecording {
    /// How much of what lies outside a cut is known inside.
    enum Form: CaseIterable {
        /// As a live run of that time knows it: conntrack's entries when it begins, the network as it is read at its end,
        /// and the time of its end.
        case run
        /// Nothing but the vantage points and the network as it was read last before the cut.
        case bare
        /// The file is cut, so that it ends at any event: nothing is cut off at its beginning.
        case file
    }

    let events: [Event]
    /// The times of the packets, in the order of the file.
    let packetTimes: [Int64]

    init(path: String) throws {
        var events: [Event] = []
        var times: [Int64] = []
        try RecordingReader(path: path).read(
            events: { _, event in events.append(event) },
            packets: { _, observation, _ in
                events.append(.packet(copy observation))
                times.append(observation.timeNanoseconds)
            })
        self.events = events
        packetTimes = times
    }

    /// Exchanges with their findings, as `replay` gives them.
    static func exchanges(_ events: [Event]) -> [Exchange] {
        var pipeline = WalkPipeline()
        for event in events { pipeline.take(event) }
        pipeline.endOfStream()
        return pipeline.finish().flatMap(\.exchanges)
    }

    /// The events of a part: between the times of two packets chosen at random, each up to 5 ms off.
    func part(_ form: Form, using generator: inout SeededGenerator) -> [Event] {
        if form == .file { return Array(events.prefix(Int.random(in: 0...events.count, using: &generator))) }
        let bounds = (0..<2).map { _ in
            (packetTimes.randomElement(using: &generator) ?? 0)
                + Int64.random(in: -5_000_000...5_000_000, using: &generator)
        }
        return part(from: min(bounds[0], bounds[1]), to: max(bounds[0], bounds[1]), form)
    }

    private func part(from start: Int64, to end: Int64, _ form: Form) -> [Event] {
        var points: [Event] = []
        var network: Event?
        var networkAfter: Event?
        var flows: [FlowTuple: [String: FlowEvent]] = [:]
        var inside: [Event] = []
        for event in events {
            guard let time = event.timeNanoseconds else {
                points.append(event)
                continue
            }
            switch event {
            case .topology where time < start || network == nil: network = event
            case .topology where time > end: networkAfter = networkAfter ?? event
            case .flow(var flow) where time < start:
                flow.change = flow.change == .destroy ? .destroy : .present
                flows[flow.original, default: [:]][flow.namespace] = flow.change == .destroy ? nil : flow
            case _ where (start...end).contains(time): inside.append(event)
            default: break
            }
        }
        var part = points + [network].compactMap(\.self)
        if form == .run {
            let present = flows.values.flatMap(\.values).sorted {
                ($0.timeNanoseconds, $0.namespace) < ($1.timeNanoseconds, $1.namespace)
            }
            part += present.map(Event.flow)
        }
        part += inside
        if form == .run { part += [.watermark(timeNanoseconds: end)] + [networkAfter].compactMap(\.self) }
        return part
    }
}

extension Event {
    /// Nil for what has none.
    fileprivate var timeNanoseconds: Int64? {
        switch self {
        case .topology(_, let time): time
        case .vantage: nil
        case .packet(let observation): observation.timeNanoseconds
        case .flow(let flow): flow.timeNanoseconds
        case .route(let route): route.timeNanoseconds
        case .rule(let rule): rule.timeNanoseconds
        case .drop(let drop): drop.timeNanoseconds
        case .sendFailure(let failure): failure.timeNanoseconds
        case .loss(let loss): loss.timeNanoseconds
        case .sampling(let change): change.timeNanoseconds
        case .counters(let change): change.timeNanoseconds
        case .name(let name): name.timeNanoseconds
        case .watermark(let time): time
        }
    }
}
