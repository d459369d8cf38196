internal import CNetlink

/// One RTM_NEWQDISC or RTM_NEWTFILTER (linux/rtnetlink.h): what stands at a device, and under what name.
struct TrafficControlRecord {
    var index: UInt32
    var kind = ""
    /// Of a BPF classifier: the program's object and section as tc(8) was told.
    var program: String?

    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard header.count >= MemoryLayout<tcmsg>.size, let index = header.hostUInt32(at: 4) else { return nil }
        self.index = index
        for (type, value) in message.attributes(after: MemoryLayout<tcmsg>.size) {
            switch type {
            case Int(TCA_KIND): kind = value.text
            case Int(TCA_OPTIONS):
                if kind == "bpf" {
                    for case (Int(TCA_BPF_NAME), let name) in NetlinkAttributes(value) { program = name.text }
                }
            default: break
            }
        }
    }
}
