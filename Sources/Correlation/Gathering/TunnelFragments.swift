internal import WalkModel
import Wire

/// Packets of tunnels that went in fragments, of which the first was opened: it shows the packet that the tunnel carries,
/// the later ones nothing of it. They go by the datagram's group key and its addresses.
struct TunnelFragments {
    private struct Datagram: Hashable {
        var group: UInt64
        var source: IPAddress
        var destination: IPAddress
    }

    private struct Seen {
        var timeNanoseconds: Int64
        var isOpened = false
        /// Fragments seen, by place.
        var counts: [Int32: Int32] = [:]
    }

    private var datagrams: [Datagram: Seen] = [:]

    var isEmpty: Bool { datagrams.isEmpty }

    /// Takes a fragment of a tunnel's packet, or what may be one.
    mutating func take(_ headers: PacketHeaders, _ timeNanoseconds: Int64, at place: Int32, limit: Int) {
        let isOpened = headers.tunnelFragmentKey != 0
        let datagram =
            isOpened
            ? Datagram(
                group: GroupKey.ofFragments(headers.tunnelFragmentKey), source: headers.tunnelSource,
                destination: headers.tunnelDestination)
            : Datagram(group: GroupKey.of(headers), source: headers.source, destination: headers.destination)
        if datagrams.count > limit { datagrams.removeAll() }
        var seen = datagrams[datagram] ?? Seen(timeNanoseconds: timeNanoseconds)
        seen.timeNanoseconds = max(seen.timeNanoseconds, timeNanoseconds)
        seen.isOpened = seen.isOpened || isOpened
        seen.counts[place, default: 0] += 1
        datagrams[datagram] = seen
    }

    mutating func forget(before time: Int64) {
        datagrams = datagrams.filter { $0.value.timeNanoseconds > time }
    }

    /// Whether the first fragment of a later one's datagram was opened somewhere.
    func isOpened(_ fragment: Sighting, ofGroup key: UInt64) -> Bool {
        datagrams[Datagram(group: key, source: fragment.source, destination: fragment.destination)]?.isOpened == true
    }

    /// In how many fragments the tunnel's packet passed a place.
    func count(_ detail: PacketDetail, at place: Int32) -> Int32 {
        let datagram = Datagram(
            group: GroupKey.ofFragments(detail.tunnelFragmentKey), source: detail.tunnelSource,
            destination: detail.tunnelDestination)
        return datagrams[datagram]?.counts[place] ?? 1
    }
}
