internal import WalkModel
import Observations
import Wire

/// TCP packets that a device cuts into segments (GSO, TSO), and segments that one puts together (GRO).
///
/// Either way the label changes, so that the forms of one range of a stream are label groups of their own. A packet that
/// ends, or begins, in the middle of its path calls for a look at the others: whatever is open of the same stream and
/// lies within the same range is made one group with it, a *segment tree*. When that has gone quiet, its forms are
/// compared (`SegmentClusters`): those that segmentation can have made of one another are written as one tree for each
/// packet that was first sent (`EngineCore+SegmentTrees`). A packet whose path is whole costs nothing of all this.
extension EngineCore {
    /// What a group holds of its stream.
    private func range(of number: Int32) -> SequenceRange {
        segments.trees[number]?.hull
            ?? SequenceRange(groups.sightings[Int(groups.groups[Int(number)].head)])
    }

    mutating func deferEnd(of number: Int32) {
        segments.append(number, range(of: number))
    }

    /// Ends the groups that were deferred, alone or as trees.
    mutating func settleDeferred(by time: Int64) {
        guard !segments.isEmpty else { return }
        let deferred = segments.takeAll()
        let waiting = Set(deferred)
        for run in runs(of: deferred) {
            guard let first = run.numbers.first(where: waiting.contains) else { continue }
            if run.numbers.count == 1 {
                settle(first, run, by: time)
                continue
            }
            let target = run.numbers.first { groups.groups[Int($0)].isTree } ?? first
            for other in run.numbers where other != target {
                segments.trees[other] = nil
                groups.absorb(other, into: target, isQueued: !waiting.contains(other))
            }
            groups.markTree(target)
            segments.trees[target] = SegmentTree(hull: run.hull, others: run.others)
            guard waiting.contains(target) else { continue }
            let deadline = groups.groups[Int(target)].lastNanoseconds + groups.quietNanoseconds
            if deadline > time {
                groups.enqueue(target, deadline: deadline)
            } else {
                resolveTree(target, bytesGoOn: false)
            }
        }
    }

    /// Ends a deferred group of which there is no other form.
    private mutating func settle(_ number: Int32, _ run: SegmentRun, by time: Int64) {
        var bytesGoOn = false
        if !run.others.isEmpty {
            let others = forms(of: run.overlapping)
            bytesGoOn = forms(of: [number]).contains { form in others.contains(where: form.goesOn) }
        }
        let isOver = groups.groups[Int(number)].lastNanoseconds + groups.quietNanoseconds <= time
        resolve(number, by: time, force: isOver, mayDefer: false, bytesGoOn: bytesGoOn)
    }

    /// Reads all open groups of the streams of some: nothing is kept beforehand for what is rarely asked.
    private mutating func runs(of waiting: ContiguousArray<Int32>) -> [SegmentRun] {
        var anchors: [UInt64: UInt32] = [:]
        for number in waiting {
            let range = range(of: number)
            anchors[range.stream] = range.start
        }
        var entries: [SegmentRun.Entry] = []
        for number in groups.openSequenceRanges() {
            let range = range(of: number)
            guard let anchor = anchors[range.stream] else { continue }
            entries.append(
                SegmentRun.Entry(range: range, number: number, offset: Int32(bitPattern: range.start &- anchor)))
        }
        return SegmentRun.runs(of: entries)
    }

    /// The packets that the sightings of some groups are of, by label.
    func forms(of numbers: [Int32]) -> [Segment] {
        var all: ContiguousArray<Int32> = []
        for number in numbers {
            var member = groups.groups[Int(number)].head
            while member >= 0 {
                all.append(member)
                member = groups.sightings[Int(member)].next
            }
        }
        sortByTime(&all)
        var forms: [Segment] = []
        var indexOfLabel: [UInt64: Int] = [:]
        for member in all {
            let sighting = groups.sightings[Int(member)]
            if let known = indexOfLabel[sighting.label] {
                forms[known].append(member, sighting)
            } else {
                indexOfLabel[sighting.label] = forms.count
                forms.append(Segment(sighting))
                forms[forms.count - 1].append(member, sighting)
            }
        }
        return forms
    }

    func sortByTime(_ members: inout ContiguousArray<Int32>) {
        members.sort { left, right in
            (groups.sightings[Int(left)].timeNanoseconds, left) < (groups.sightings[Int(right)].timeNanoseconds, right)
        }
    }
}
