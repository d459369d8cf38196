import WalkModel

/// A walk in one line, for many walks a second: `01:58:14.860946 ✔ icmp 172.19.0.2 → 198.51.100.1  wan  58 µs`.
struct WalkLine {
    private let pen: Pen

    init(_ options: RenderOptions) {
        pen = Pen(options)
    }

    func render(_ walk: Walk, reply: Walk?) -> String {
        let headline = WalkHeadline(walk, reply: reply)
        let times = TimeText(style: pen.options.time ?? .clock, origin: pen.options.timeOrigin)
        let clock = times.text(walk.startNanoseconds)
        var line = clock.isEmpty ? StyledText() : pen(clock, .dim) + .spaces(1)
        line += pen(headline.mark.sign, headline.mark.style) + .spaces(1)
        if walk.prediction != nil { line += pen("predicted ", .strong) }
        line += pen(walk.protocol) + .spaces(1) + pen(PacketWords.flow(walk))
        if let detail = headline.detail { line += .spaces(1) + pen(detail) }
        line += .spaces(2)
        let last = WalkPath(walk).hops.last
        switch walk.outcome {
        case .delivered: line += pen(last?.namespace ?? "", .strong)
        case .left:
            line +=
                pen(walk.cutOff != nil ? "incomplete, last at " : walk.isAtReceiver ? "at " : "left ")
                + pen([last?.namespace, last?.device].compactMap(\.self).joined(separator: " "), .strong)
        case .unsent: line += pen("not sent: \(walk.stoppedAt?.reason ?? "no packet left")", headline.mark.style)
        default:
            line += pen(headline.outcome, headline.mark.style)
            if let remark = headline.remark { line += .spaces(1) + pen(remark) }
        }
        if let cause = walk.findings.first { line += .spaces(1) + pen("(\(cause.code.rawValue))", .caution) }
        if walk.outcome == .delivered || walk.outcome == .left {
            let remark = reply == nil ? Durations.text(nanoseconds: walk.durationNanoseconds) : headline.remark ?? ""
            line += .spaces(2) + pen(remark, .dim)
        }
        return line.rendered(color: pen.options.color) + "\n"
    }
}
