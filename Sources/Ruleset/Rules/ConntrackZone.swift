/// The zones of the connection table that a packet's connection is in, one for each direction (struct nf_conntrack_zone):
/// tuples are compared with those of the same zone only.
///
/// A rule that names one direction leaves the other in zone 0. A reply belongs to a request's connection where both have
/// the same zone for replies (nf_ct_zone_equal).
package struct ConntrackZone: Hashable, Sendable {
    package var original: UInt16
    package var reply: UInt16

    package init(original: UInt16 = 0, reply: UInt16 = 0) {
        self.original = original
        self.reply = reply
    }
}
