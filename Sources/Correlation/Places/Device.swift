/// A device, numbered over all namespaces.
struct Device {
    var namespace: Int32
    /// Whether a snapshot tells what it is.
    var isKnown = false
    /// When a snapshot first told of it, in nanoseconds; the earliest time for those of the first snapshot. What passed
    /// before nobody could see here.
    var sinceNanoseconds = Int64.min
    var index: UInt32 = 0
    /// Numbers of the devices that the network graph joins it to; -1 for none or unknown.
    var master: Int32 = -1
    var peer: Int32 = -1
    var lower: Int32 = -1
    var isBridge = false
    var isTunnel = false
    var isLoopback = false
    /// A filter of tc, or a chain of its own, may hand what comes in to another device (mirred, nft `fwd`).
    var handsOn = false
    var mac: UInt64 = 0
    /// Vantage points here; -1 where packets in that direction can't be seen.
    var vantageIn: Int32 = -1
    var vantageOut: Int32 = -1
}
