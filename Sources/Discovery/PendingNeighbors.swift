internal import CNetlink
internal import Glibc
internal import Netlink

/// Packets that the kernel holds until a neighbour is known.
public enum PendingNeighbors {
    /// Whether the kernel is asking for a neighbour, without an answer yet, in the calling thread's namespace; true where that can't be
    /// read.
    public static var exist: Bool {
        guard let channel = try? NetlinkSocket(.route) else { return true }
        var conversation = NetlinkConversation(channel)
        let request = NetlinkRequest(type: RTM_GETNEIGH, structure: ndmsg())
        let asked = try? conversation.dump(request, "read the neighbours") { message in
            NeighborRecord(message).flatMap { $0.state & NUD_INCOMPLETE != 0 ? $0 : nil }
        }
        return asked?.isEmpty != true
    }
}
