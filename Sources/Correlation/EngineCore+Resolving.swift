internal import WalkModel
import Observations
import Wire

/// Ends a label group: tells its packets apart, has each arranged and written.
///
/// Most groups hold one packet: every place at most once, one flow (or flows that conntrack says are one), a single
/// beginning, and no time that contradicts the order. What is not so plain is told apart edge by edge.
extension EngineCore {
    /// - Parameters:
    ///   - time: what was last seen a quiet time before is over.
    ///   - force: nothing of the group stays open.
    ///   - mayDefer: a range of a TCP stream whose path is not whole is deferred, until it is known what else of the
    ///     stream was seen.
    ///   - bytesGoOn: its bytes were seen to go on in another packet.
    mutating func resolve(_ number: Int32, by time: Int64, force: Bool, mayDefer: Bool = true, bytesGoOn: Bool = false)
    {
        if groups.groups[Int(number)].isTree {
            resolveTree(number, bytesGoOn: bytesGoOn)
            return
        }
        if isStillWaiting(number, by: time) { return }
        groups.collect(number, into: &workspace.members)
        guard !workspace.members.isEmpty else {
            writer.write(groups.events(of: number), near: surroundings)
            groups.close(number)
            return
        }
        if !state.tunnelFragments.isEmpty, releaseTunnelFragments(number) { return }
        let mustBeWhole = mayDefer && groups.groups[Int(number)].isSequenceRange
        var events = groups.groups[Int(number)].events >= 0 ? groups.events(of: number) : GroupEvents()
        if isOnePacket() {
            arranger.arrange(
                workspace.members, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
            if workspace.arrangement.rootCount == 1, workspace.arrangement.isTimely,
                surroundings.isOnePassage(workspace.arrangement)
            {
                if letWait(number, events, by: time) { return }
                finishOnly(number, &events, mustBeWhole: mustBeWhole, bytesGoOn: bytesGoOn)
                return
            }
        }
        if mustBeWhole {
            deferEnd(of: number)
            return
        }
        if workspace.flows.numbers.isEmpty {
            workspace.flows.read(workspace.members, in: groups)
            _ = workspace.flows.unite(by: state.translations)
        }
        separate()
        if finishJoined(number, &events, by: time, force: force, bytesGoOn: bytesGoOn) { return }
        finishSeveral(number, &events, by: time, force: force, bytesGoOn: bytesGoOn)
    }

    /// Gives back the members that are later fragments of tunnels' packets, whose first fragments stand for them.
    /// - Returns: whether that were all.
    private mutating func releaseTunnelFragments(_ number: Int32) -> Bool {
        guard workspace.members.contains(where: { groups.sightings[Int($0)].fragmentOffset != 0 }) else { return false }
        let group = groups.groups[Int(number)]
        if group.events >= 0, groups.events(of: number).hasEnd { return false }
        let standing = workspace.members.filter {
            let sighting = groups.sightings[Int($0)]
            return sighting.fragmentOffset == 0 || !state.tunnelFragments.isOpened(sighting, ofGroup: group.key)
        }
        guard standing.count < workspace.members.count else { return false }
        if standing.isEmpty {
            groups.releaseAll(number)
            return true
        }
        let kept = Set(standing)
        for member in workspace.members where !kept.contains(member) { groups.release(member) }
        groups.retain(number, members: standing, emitted: group.emitted)
        workspace.members = ContiguousArray(standing)
        return false
    }

    /// Whether the members may be one packet's, as far as places and flows say.
    private mutating func isOnePacket() -> Bool {
        switch workspace.flows.readPlain(workspace.members, in: groups, state.translations) {
        case .onePacket: return true
        case .twoFlows: break
        case .unclear: workspace.flows.read(workspace.members, in: groups)
        }
        return workspace.flows.unite(by: state.translations) == 1 && workspace.flows.isOnce
    }

    /// Ends a group that is one packet.
    private mutating func finishOnly(
        _ number: Int32, _ events: inout GroupEvents, mustBeWhole: Bool, bytesGoOn: Bool
    ) {
        let first = Int(workspace.members[Int(workspace.arrangement.order[0])])
        if mustBeWhole, segments.isOfDeferred(groups.sightings[first]) {
            deferEnd(of: number)
            return
        }
        let context = PacketContext(
            ordinal: groups.groups[Int(number)].emitted, hasFewFlows: workspace.flows.keys.count <= 2,
            bytesGoOn: bytesGoOn, mustBeWhole: mustBeWhole)
        let isWritten = writer.write(
            workspace.members, workspace.arrangement, context, &events, from: groups, near: surroundings, state)
        if isWritten { groups.releaseAll(number) } else { deferEnd(of: number) }
    }

    // MARK: Several packets

    /// Tells the members apart, of which the flows have been read and united.
    mutating func separate() {
        workspace.group.read(workspace.members, in: groups)
        let count = workspace.group.count
        let hasShape =
            options.remembersArrangements && !workspace.group.hasIdentities
            && workspace.shape.read(workspace.group, workspace.flows, near: surroundings, state)
        if hasShape, let start = partitions.find(workspace.shape.words.span, count: workspace.shape.words.count) {
            workspace.partition.take(partitions.values, start..<start + count)
            return
        }
        workspace.matcher.separate(
            workspace.group, workspace.flows, near: surroundings, &budget, into: &workspace.partition)
        var readsTimes = workspace.matcher.readsTimes
        if workspace.flows.keys.count > 1 {
            workspace.guess.join(
                workspace.group, workspace.flows, near: surroundings, state, comparisonLimit: options.comparisonLimit,
                &budget, into: &workspace.partition)
            readsTimes = readsTimes || workspace.guess.readsTimes
        }
        guard hasShape, !readsTimes else { return }
        var told: ContiguousArray<PacketPartition.Told> = []
        for position in 0..<count { told.append(workspace.partition.told(position)) }
        partitions.keep(workspace.shape.words, count: workspace.shape.words.count, told)
    }

    /// Ends a group of which the members were told to be one packet, if that is over: what `finishSeveral` does of most,
    /// without its lists.
    private mutating func finishJoined(
        _ number: Int32, _ events: inout GroupEvents, by time: Int64, force: Bool, bytesGoOn: Bool
    ) -> Bool {
        let last = workspace.group.lastNanoseconds
        guard workspace.partition.isOnePacket, !workspace.group.hasFragments,
            force || last + groups.quietNanoseconds <= time
        else { return false }
        arranger.arrange(
            workspace.members, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
        guard workspace.arrangement.isTimely else { return false }
        if workspace.members.count <= Self.waitingLimit, isInTime(last, by: time),
            QueueHold.mayHold(workspace.members, workspace.arrangement, in: groups, near: surroundings, state)
        {
            return false
        }
        if workspace.arrangement.rootCount > 1 { workspace.arrangement.chainRoots() }
        workspace.partition.joins(into: &workspace.joins)
        let context = PacketContext(
            ordinal: groups.groups[Int(number)].emitted, isOnlyPacket: false,
            hasFewFlows: workspace.flows.keys.count <= 2, joins: workspace.joins, bytesGoOn: bytesGoOn)
        writer.write(
            workspace.members, workspace.arrangement, context, &events, from: groups, near: surroundings, state)
        for sighting in workspace.members { groups.release(sighting) }
        groups.close(number)
        return true
    }

    private mutating func finishSeveral(
        _ number: Int32, _ events: inout GroupEvents, by time: Int64, force: Bool, bytesGoOn: Bool
    ) {
        let emitted = groups.groups[Int(number)].emitted
        let (written, kept, ordinal) = writeSeveral(
            &events, emitted: emitted, by: time, force: force, bytesGoOn: bytesGoOn)
        for sighting in written { groups.release(sighting) }
        if kept.isEmpty {
            groups.close(number)
            return
        }
        groups.retain(number, members: kept.sorted(), emitted: ordinal)
        if groups.groups[Int(number)].events >= 0 { keepEvents(of: number) }
        let last = groups.groups[Int(number)].lastNanoseconds
        // What has been quiet and waits in a queue is looked at now and then.
        groups.enqueue(
            number, deadline: (last + groups.quietNanoseconds > time ? last : time) + groups.quietNanoseconds)
    }

    /// Keeps those events of a group that can still be about one of its packets: a group that is busy for ever would have
    /// ever more.
    private mutating func keepEvents(of number: Int32) {
        let (since, overflows) = groups.groups[Int(number)].firstNanoseconds.subtractingReportingOverflow(
            EventMatcher.lead)
        if !overflows { groups.keepEvents(of: number, since: since) }
    }

    /// The events of a group as far as looking at them for one more packet of `count` sightings can be paid for.
    private mutating func affordable(_ events: GroupEvents, count: Int) -> GroupEvents {
        events.isEmpty || budget.spend(events.open.count * count) ? events : GroupEvents()
    }

    /// Of more look-alikes than this none waits in a queue: they would be told apart again and again.
    private static let waitingLimit = 64

    /// Writes the packets that were told apart and that are over by `time`.
    /// - Returns: their sightings, those of the others, and how many packets the group has given by now.
    mutating func writeSeveral(
        _ events: inout GroupEvents, emitted: UInt32, by time: Int64, force: Bool, bytesGoOn: Bool
    ) -> (written: ContiguousArray<Int32>, kept: ContiguousArray<Int32>, ordinal: UInt32) {
        var written: ContiguousArray<Int32> = []
        var kept: ContiguousArray<Int32> = []
        var ordinal = emitted
        let count = workspace.members.count
        let latestPiece = workspace.group.latestPiece(uncertainIn: workspace.partition)
        let packets = workspace.partition.packets()
        for packet in packets {
            let sightings = members(at: packet)
            var first = Int64.max
            var last = Int64.min
            for position in packet {
                first = min(first, workspace.group.time(position))
                last = max(last, workspace.group.time(position))
            }
            guard force || last + groups.quietNanoseconds <= time || isEndless(packet.count, since: first, by: time)
            else {
                kept.append(contentsOf: sightings)
                continue
            }
            let parts = timelyParts(packet, sightings)
            if parts.count == 1, count <= Self.waitingLimit, isInTime(last, by: time),
                QueueHold.mayHold(sightings, workspace.arrangement, in: groups, near: surroundings, state)
            {
                kept.append(contentsOf: sightings)
                continue
            }
            for part in parts {
                let isWhole = part.count == packet.count
                let members = isWhole ? sightings : members(at: part)
                if !isWhole {
                    arranger.arrange(
                        members, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
                }
                if workspace.arrangement.rootCount > 1 { workspace.arrangement.chainRoots() }
                let context = PacketContext(
                    ordinal: ordinal, isOnlyPacket: false,
                    hasLookalikes: packets.count > 1 || parts.count > 1 || emitted > 0,
                    hasFewFlows: workspace.flows.keys.count <= 2,
                    joins: workspace.partition.joins(of: part, isWhole: isWhole),
                    bytesGoOn: bytesGoOn || first <= latestPiece)
                var seen = affordable(events, count: members.count)
                let isComplete = seen.open.count == events.open.count
                writer.write(
                    members, workspace.arrangement, context, &seen, from: groups, near: surroundings, state)
                if isComplete { events = seen }
                ordinal += 1
                written.append(contentsOf: members)
            }
        }
        return (written, kept, ordinal)
    }

    /// Whether a packet has more sightings, over a longer time, than a packet can have: fragments of one identification that
    /// come again and again. It ends though it is not quiet.
    private func isEndless(_ count: Int, since first: Int64, by time: Int64) -> Bool {
        count > Int(QueueHold.restOfPath) && first &+ 4 &* groups.quietNanoseconds <= time
    }

    private func members(at positions: ContiguousArray<Int32>) -> ContiguousArray<Int32> {
        var members: ContiguousArray<Int32> = []
        members.reserveCapacity(positions.count)
        for position in positions { members.append(workspace.members[Int(position)]) }
        return members
    }

    /// What was joined, but was seen to pass a place before one that comes before it, is of several packets. Leaves a
    /// packet that is whole arranged.
    private mutating func timelyParts(
        _ packet: ContiguousArray<Int32>, _ sightings: ContiguousArray<Int32>
    ) -> [ContiguousArray<Int32>] {
        arranger.arrange(
            sightings, in: groups, by: surroundings.precedence, &budget, into: &workspace.arrangement)
        if let parts = workspace.group.datagrams(packet) { return parts }
        if workspace.arrangement.isTimely { return [packet] }
        var parts: [ContiguousArray<Int32>] = []
        for (position, part) in workspace.arrangement.timelyParts().enumerated() {
            while parts.count <= Int(part) { parts.append([]) }
            parts[Int(part)].append(packet[position])
        }
        return parts.filter { !$0.isEmpty }
    }
}
