internal import WalkModel

/// What is known of a packet beside its sightings and their arrangement.
struct PacketContext {
    /// Which of the packets that are the same in all but time it is.
    var ordinal: UInt32 = 0
    /// Whether its label group is this one packet: then every event of the group is its own, however late.
    var isOnlyPacket = true
    /// Whether others of its label group were told apart from it.
    var hasLookalikes = false
    /// Whether its group shows at most two flows, so that an event in one of its namespaces is its own even with another
    /// flow's addresses.
    var hasFewFlows = true
    /// By position; empty where nothing but the label was needed to join its sightings.
    var joins: ContiguousArray<Join> = []
    /// Of a packet that was cut into segments, or put together from them: by position, from how many. Else empty.
    var mergedFrom: [Int32] = []
    /// Whether its bytes were seen to go on in another packet.
    var bytesGoOn = false
    /// Where the packet ended, where that is not for its last leaf to say.
    var end: (position: Int32, ending: Ending)?
    /// A range of a TCP stream that began or ended in the middle is not written: it may be part of another packet.
    var mustBeWhole = false
}
