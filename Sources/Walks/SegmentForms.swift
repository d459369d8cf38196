import Wire

/// The forms in which stretches of TCP streams were seen lately: a device that segments a large packet (GSO), or puts
/// segments together (GRO), changes the label, and what was seen of one form goes on in another.
///
/// A stretch is known by its sequence numbers and the acknowledgement that segmentation copies (RFC 9293). Nothing is
/// kept until a packet larger than an Ethernet frame was seen. Looking a form up costs the forms that begin within the
/// same 64 KiB.
struct SegmentForms {
    private struct Form {
        var start: UInt32
        var length: UInt32
        /// Where it was seen first.
        var vantage: UInt32
        var lastNanoseconds: Int64
    }

    private static let bucketLimit = 256
    private static let formLimit = 65_536
    /// An Ethernet frame's bytes of IP: more is a packet that was not cut yet.
    private static let largestFrame = 1500

    private let keptNanoseconds: Int64
    private var buckets: [UInt64: ContiguousArray<Form>] = [:]
    private var count = 0
    private var activeUntil = Int64.min
    private var nextSweep = Int64.min

    /// - Parameter keptNanoseconds: how long a form is remembered after it was last seen.
    init(keptNanoseconds: Int64) {
        self.keptNanoseconds = keptNanoseconds
    }

    var isEmpty: Bool { count == 0 }

    private static func bucket(_ acknowledgement: UInt32, _ sequence: UInt32) -> UInt64 {
        UInt64(acknowledgement) << 32 | UInt64(sequence >> 16)
    }

    /// Takes a sighting of a TCP segment with payload.
    mutating func see(_ headers: borrowing PacketHeaders, vantage: UInt32, timeNanoseconds time: Int64) {
        if headers.length > Self.largestFrame { activeUntil = time + keptNanoseconds }
        guard time <= activeUntil else { return }
        if time > nextSweep || count >= Self.formLimit { sweep(time) }
        let start = headers.tcpSequence
        let length = headers.payloadLength
        let key = Self.bucket(headers.tcpAcknowledgement, start)
        var forms = buckets.removeValue(forKey: key) ?? []
        if let known = forms.lastIndex(where: { $0.start == start && $0.length == length }) {
            forms[known].lastNanoseconds = max(forms[known].lastNanoseconds, time)
        } else {
            if forms.count >= Self.bucketLimit {
                forms.removeFirst(Self.bucketLimit / 2)
                count -= Self.bucketLimit / 2
            }
            forms.append(Form(start: start, length: length, vantage: vantage, lastNanoseconds: time))
            count += 1
        }
        buckets[key] = forms
    }

    private mutating func sweep(_ time: Int64) {
        nextSweep = time + keptNanoseconds
        if count >= Self.formLimit { buckets.removeAll(keepingCapacity: true) }
        for (key, forms) in buckets where forms.allSatisfy({ $0.lastNanoseconds + keptNanoseconds < time }) {
            buckets[key] = nil
        }
        count = buckets.reduce(0) { $0 + $1.value.count }
    }

    /// Whether the stretch that was seen last at `lastNanoseconds` was seen later in another form: in parts, or as part
    /// of more. What begins where the stretch itself came by (`isOnItsWay`) was sent again, and tells nothing.
    func goOn(
        start: UInt32, length: UInt32, acknowledgement: UInt32, after lastNanoseconds: Int64,
        isOnItsWay: (UInt32) -> Bool
    ) -> Bool {
        let first = start >> 16
        let last = (start &+ length &- 1) >> 16
        var page = (first &- 1) & 0xffff
        while true {
            for form in buckets[UInt64(acknowledgement) << 32 | UInt64(page)] ?? [] {
                guard form.lastNanoseconds > lastNanoseconds, form.length != length || form.start != start else {
                    continue
                }
                let offset = form.start &- start
                let isPart = offset < length && form.length <= length &- offset
                let isMore = (start &- form.start) < form.length && length <= form.length &- (start &- form.start)
                if isPart || isMore, !isOnItsWay(form.vantage) { return true }
            }
            if page == last { return false }
            page = (page &+ 1) & 0xffff
        }
    }
}
