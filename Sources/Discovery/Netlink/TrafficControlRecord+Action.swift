internal import CNetlink
internal import Netlink
internal import Network
internal import Wire

extension TrafficControlRecord {
    /// What an action of a filter does with a packet (linux/pkt_cls.h, linux/tc_act/tc_mirred.h, tc_gact.h).
    enum Action: Equatable {
        /// To another device's ingress or egress, by its index: the packet goes on there alone.
        case redirect(UInt32)
        case drop

        /// The first of a filter's actions that ends the packet's own path.
        init?(options: ArraySlice<UInt8>, of kind: String) {
            guard let wanted = Self.attributes[kind] else { return nil }
            for case (wanted, let list) in NetlinkAttributes(options) {
                for (_, action) in NetlinkAttributes(list) {
                    if let found = Self.read(action) {
                        self = found
                        return
                    }
                }
            }
            return nil
        }

        /// In which attribute each classifier has its actions: TCA_U32_ACT and its like.
        private static let attributes: [String: Int] = [
            "u32": 7, "matchall": 2, "flower": 3, "bpf": 1, "basic": 3, "fw": 4,
        ]

        private static func read(_ action: ArraySlice<UInt8>) -> Action? {
            let (kindAttribute, optionsAttribute, parameters) = (1, 2, 2)
            var kind = ""
            var options: ArraySlice<UInt8> = []
            for (type, value) in NetlinkAttributes(action) {
                if type == kindAttribute { kind = value.text }
                if type == optionsAttribute { options = value }
            }
            for case (parameters, let value) in NetlinkAttributes(options) {
                // Both begin with tc_gen: index, capab, action, refcnt, bindcnt, of four bytes each.
                switch kind {
                case "mirred":
                    // eaction 1 redirects to egress, 3 to ingress; 2 and 4 send a copy.
                    guard let effect = value.hostUInt32(at: 20), effect == 1 || effect == 3 else { return nil }
                    return value.hostUInt32(at: 24).map(Action.redirect)
                case "gact":
                    // TC_ACT_SHOT.
                    return value.hostUInt32(at: 8) == 2 ? .drop : nil
                default: return nil
                }
            }
            return nil
        }
    }
}
