/// One namespace, as far as the engine watches it: all else is asked of the network graph.
struct Area {
    /// As the newest snapshot calls it.
    var name: String
    /// What it is known by: names are given again, to others. 0 where no snapshot has told it.
    var inode: UInt64 = 0
    /// Index in the topology's namespaces; -1 where the newest snapshot does not have it.
    var topologyIndex: Int = -1
    var devices: [Int32] = []
    /// Whether packets can be seen coming in: by a link or by the prerouting hook.
    var watchesEntry = false
    /// The rank of the last vantage point of the input hook; -1 where input isn't watched.
    var lastInputRank: Int32 = -1
    var watchesForward = false
    /// Whether what is sent here can be seen at the output hook.
    var watchesOutput = false
    var watchesOut = false

    /// What a snapshot and the vantage points have said is forgotten; its number, names and devices stay.
    mutating func forget() {
        topologyIndex = -1
        watchesEntry = false
        lastInputRank = -1
        watchesForward = false
        watchesOutput = false
        watchesOut = false
    }

    /// Takes note of a vantage point here.
    mutating func watch(_ place: Place, onLoopback isLoopback: Bool) {
        switch place.phase {
        case .linkIn where !isLoopback, .bridgeIn, .prerouting: watchesEntry = true
        case .input: lastInputRank = max(lastInputRank, place.rank)
        case .forward: watchesForward = true
        case .output: watchesOutput = true
        case .linkOut, .bridgeOut, .postrouting: watchesOut = true
        default: break
        }
    }
}
