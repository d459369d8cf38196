internal import Netlink
internal import Network
internal import CNetlink

/// One RTM_NEWQDISC or RTM_NEWTFILTER (linux/rtnetlink.h): what stands at a device, and under what name.
struct TrafficControlRecord {
    var index: UInt32
    var kind = ""
    /// Of a BPF classifier: the program's object and section as tc(8) was told.
    var program: String?
    /// What a filter's actions do with the packets that it matches; nil where none that is known does anything.
    var action: Action?
    /// Of a discipline at a device's root.
    var queue: Link.Queue?
    /// Of any other discipline.
    var discipline: Link.Discipline?

    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard header.count >= MemoryLayout<tcmsg>.size, let index = header.hostUInt32(at: 4) else { return nil }
        self.index = index
        let handle = header.hostUInt32(at: 8) ?? 0
        var queue = Link.Queue(handle: Self.handle(handle & 0xffff_0000))
        for (type, value) in message.attributes(after: MemoryLayout<tcmsg>.size) {
            switch type {
            case Int(TCA_KIND): kind = value.text
            case Int(TCA_OPTIONS):
                if kind == "bpf" {
                    for case (Int(TCA_BPF_NAME), let name) in NetlinkAttributes(value) { program = name.text }
                }
                readLimits(value, into: &queue)
                action = Action(options: value, of: kind)
            case Int(TCA_STATS2):
                // struct gnet_stats_queue: qlen, backlog, drops.
                for case (Int(TCA_STATS_QUEUE), let counters) in NetlinkAttributes(value) {
                    queue.backlogPackets = counters.hostUInt32(at: 0) ?? 0
                    queue.backlogBytes = counters.hostUInt32(at: 4) ?? 0
                    queue.drops = counters.hostUInt32(at: 8) ?? 0
                }
            default: break
            }
        }
        guard let parent = header.hostUInt32(at: 12), kind != "noqueue" else { return }
        if parent == TC_H_ROOT {
            self.queue = queue
        } else {
            discipline = Link.Discipline(kind: kind, parent: Self.handle(parent), queue: queue)
        }
    }

    /// As tc writes it: `1:` for a discipline, `1:a` for a class.
    private static func handle(_ number: UInt32) -> String {
        let minor = number & 0xffff
        return String(number >> 16, radix: 16) + ":" + (minor == 0 ? "" : String(minor, radix: 16))
    }

    private func readLimits(_ options: ArraySlice<UInt8>, into queue: inout Link.Queue) {
        switch kind {
        case "tbf":
            var rate: UInt64?
            var buffer: UInt32 = 0
            for (type, value) in NetlinkAttributes(options) {
                if type == Int(TCA_TBF_PARMS) {
                    // struct tc_tbf_qopt: two struct tc_ratespec of 12 bytes, limit, buffer, mtu.
                    rate = rate ?? value.hostUInt32(at: 8).map(UInt64.init)
                    queue.limitBytes = value.hostUInt32(at: 24)
                    buffer = value.hostUInt32(at: 28) ?? 0
                } else if type == Int(TCA_TBF_RATE64) {
                    rate = value.hostUInt64(at: 0)
                }
            }
            queue.rate = rate
            // The burst's time at that rate, in units of 64 ns (PSCHED_SHIFT), which the kernel cut down to a whole one.
            if let rate {
                let bytes = (Double(buffer) + 1) * 64e-9 * Double(rate)
                queue.burst = bytes < Double(UInt32.max) ? UInt32(bytes.rounded()) : .max
            }
        case "pfifo":
            queue.limitPackets = options.hostUInt32(at: 0)
        case "bfifo":
            queue.limitBytes = options.hostUInt32(at: 0)
        default: break
        }
    }
}
