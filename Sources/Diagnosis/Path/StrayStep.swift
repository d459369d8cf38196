internal import Network
internal import Ruleset
internal import Wire

/// A frame whose destination MAC address no device has that it could come to.
struct StrayStep: Sendable {
    /// Where it was sent, or seen last.
    var namespace: Namespace
    var device: String
    var packet: PacketState
    var mac: MACAddress
}
