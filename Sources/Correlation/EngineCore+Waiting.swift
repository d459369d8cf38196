internal import WalkModel
import Observations
import Wire

/// Label groups whose packet the kernel may still hold (`QueueHold`): they are looked at again and again until the packet
/// is seen to go on, or its time is over.
extension EngineCore {
    /// Whether the whole group, found to be one packet that was last seen before a queue, waits for more of it by
    /// `time`. Then it is looked at again.
    mutating func isStillWaiting(_ number: Int32, by time: Int64) -> Bool {
        let group = groups.groups[Int(number)]
        guard group.isWaiting else { return false }
        let isUnchanged = group.count == group.waitingCount && group.events == group.waitingEvents
        guard isUnchanged, isInTime(group.lastNanoseconds, by: time),
            !replies.hasAnswer(to: awaited[number] ?? Replies.Keys(), since: group.firstNanoseconds)
        else {
            awaited[number] = nil
            return false
        }
        groups.enqueue(number, deadline: time + groups.quietNanoseconds)
        return true
    }

    /// Lets the group wait, where its one packet as arranged was last seen before a queue, and nothing ended it.
    mutating func letWait(_ number: Int32, _ events: GroupEvents, by time: Int64) -> Bool {
        let group = groups.groups[Int(number)]
        guard isInTime(group.lastNanoseconds, by: time),
            QueueHold.mayHold(
                workspace.members, workspace.arrangement, in: groups, near: surroundings, state),
            !events.hasEnd
        else { return false }
        let order = workspace.arrangement.order
        let first = Int(workspace.members[Int(order[0])])
        let last = Int(workspace.members[Int(order[order.count - 1])])
        let keys = Replies.keys(of: groups.sightings[first], reply: groups.sightings[last].flowKey.reversed)
        guard !replies.hasAnswer(to: keys, since: group.firstNanoseconds) else {
            awaited[number] = nil
            return false
        }
        awaited[number] = keys
        groups.markWaiting(number)
        groups.enqueue(number, deadline: time + groups.quietNanoseconds)
        return true
    }

    /// Whether a packet last seen at `last` can still be held by `time`; a stream that ends gives nothing any more, and
    /// where much is open there is no room to wait.
    func isInTime(_ last: Int64, by time: Int64) -> Bool {
        time != .max && last + options.queueNanoseconds > time && groups.openSightings < options.sightingLimit / 2
    }
}
