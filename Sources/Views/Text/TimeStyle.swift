internal import Glibc
internal import WalkModel

/// What `--time` takes: how times of packets are written.
public enum TimeStyle: String, Sendable, CaseIterable {
    /// Local time of day to the microsecond: `01:58:14.860946`.
    case clock
    /// RFC 3339 in UTC: `2026-11-23T01:58:14.860946Z`.
    case utc
    /// Seconds since 1970: `1795485494.860946`.
    case unix
    /// Since the first packet that was shown: `+1.250000`.
    case relative
    case none
}

/// Times as `--time` asks for them.
struct TimeText {
    var style: TimeStyle
    /// What `relative` counts from.
    var origin: Int64?

    /// Empty for `none`.
    func text(_ nanoseconds: Int64) -> String {
        switch style {
        case .none: return ""
        case .utc: return "\(timestamp(nanoseconds).prefix(26))Z"
        case .unix: return Self.seconds(nanoseconds)
        case .relative:
            let since = nanoseconds &- (origin ?? nanoseconds)
            return since < 0 ? "-" + Self.seconds(0 &- since) : "+" + Self.seconds(since)
        case .clock:
            let (second, fraction) = Self.parts(nanoseconds)
            var time = time_t(second)
            var parts = tm()
            guard localtime_r(&time, &parts) != nil else { return timestamp(nanoseconds) }
            let figures = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.padded(Int64($0), 2) }
            return figures.joined(separator: ":") + "." + Self.padded(fraction / 1000, 6)
        }
    }

    private static func parts(_ nanoseconds: Int64) -> (second: Int64, fraction: Int64) {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? (quotient - 1, rest + 1_000_000_000) : (quotient, rest)
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let (second, fraction) = parts(nanoseconds)
        return "\(second)." + padded(fraction / 1000, 6)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension RenderOptions {
    /// A time as these options want it, of the day where they say nothing; empty where none is wanted.
    public func text(timeNanoseconds: Int64) -> String {
        TimeText(style: time ?? .clock, origin: timeOrigin).text(timeNanoseconds)
    }
}
