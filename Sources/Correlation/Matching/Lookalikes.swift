internal import WalkModel

/// How packets that look alike passed, in one class of flows.
struct Lookalikes {
    /// How many passed one place, at most.
    var count = 1
    /// Nanoseconds between two of them at one place, at least.
    var spacing = Int64.max
    /// Whether their fragments can be of one datagram.
    var isOneDatagram = true

    /// Whether times so far apart can be one packet's, of `among` packets. Where some sightings of packets that look
    /// alike are missing, a packet could otherwise go on as another one that was sent later.
    func isNear(_ early: Int64, _ late: Int64, among: Int) -> Bool {
        among == count || late - early <= spacing / 2
    }
}
