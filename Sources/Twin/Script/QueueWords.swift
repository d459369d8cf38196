internal import Network

/// From what tc(8) prints of a queueing discipline or a class to the words that it takes. (iproute2: tc/q_*.c)
enum QueueWords {
    /// Kinds whose options are not given again: tc(8) prints some that it does not take.
    static let losesOptions: Set<String> = ["fq", "sfq", "codel"]

    /// Nil for a kind that is not rebuilt.
    static func options(_ kind: String, _ options: JSONTree) -> [String]? {
        switch kind {
        case "clsact", "ingress", "noqueue", "pfifo_fast", "mq", "fq", "sfq", "codel", "drr": return []
        case "pfifo", "bfifo": return options.text("limit").map { ["limit", $0] } ?? []
        case "tbf": return tbf(options)
        case "htb":
            return pairs(options, [("r2q", "r2q"), ("default", "default"), ("direct_qlen", "direct_qlen")])
        case "prio":
            let map = (options["priomap"]?.elements ?? []).compactMap { $0.integer.map { "\($0)" } }
            return pairs(options, [("bands", "bands")]) + (map.isEmpty ? [] : ["priomap"] + map)
        case "fq_codel":
            let words = pairs(
                options,
                [
                    ("limit", "limit"), ("flows", "flows"), ("quantum", "quantum"), ("memory_limit", "memory_limit"),
                    ("drop_batch", "drop_batch"),
                ])
            let times = ["target", "interval", "ce_threshold"].flatMap { key in
                options.text(key).map { [key, "\($0)us"] } ?? []
            }
            return words + times + [options.has("ecn") ? "ecn" : "noecn"]
        case "netem": return netem(options)
        default: return nil
        }
    }

    private static func pairs(_ options: JSONTree, _ keys: [(key: String, word: String)]) -> [String] {
        keys.flatMap { key, word in options.text(key).map { [word, $0] } ?? [] }
    }

    /// Rates are bytes a second, times microseconds.
    private static func tbf(_ options: JSONTree) -> [String]? {
        guard let rate = options.number("rate"), let burst = options.text("burst") else { return nil }
        let size = unrounded(burst, rate: rate)
        let latency = options.number("lat") ?? 50000
        let depth: [String]
        if let limit = options.text("limit") {
            depth = ["limit", limit]
        } else if latency < 1 << 32 {
            depth = ["latency", "\(latency)us"]
        } else {
            // More than tc takes: as the bytes that it comes to.
            let bytes = Double(rate) * Double(latency) / 1e6 + (Double(size.prefix(while: \.isNumber)) ?? 0)
            depth = ["limit", "\(Int64(min(bytes, 4e9).rounded()))"]
        }
        var words = ["rate", bits(rate), "burst", size] + depth
        if let peak = options.number("peakrate"), let unit = options.text("mtu") ?? options.text("minburst") {
            words += ["peakrate", bits(peak), "mtu", unit]
        }
        if let smallest = options.text("mpu"), smallest != "0" { words += ["mpu", smallest] }
        if let layer = options.text("linklayer"), layer != "ethernet" { words += ["linklayer", layer] }
        return words
    }

    /// The kernel keeps a size as the time that it takes, in ticks of 64 ns, and tc prints it from whole microseconds: somewhat
    /// less than it was given. This is the smallest size of which it prints this one.
    /// (linux: psched_l2t_ns; iproute2: tc_calc_xmittime, tc_calc_xmitsize)
    ///
    /// - Parameters:
    ///   - size: `1599b/1`.
    ///   - rate: bytes a second.
    ///   - isTime: whether tc hands over the time (htb), in whole microseconds; else the kernel works it out (tbf).
    static func unrounded(_ size: String, rate: Int64, isTime: Bool = false) -> String {
        guard rate > 0, rate < 1 << 40, size.hasSuffix("b/1"), let printed = Int64(size.dropLast(3)),
            printed > 0, printed < 1 << 31
        else { return size }
        let isExact = 1_000_000_000 % rate == 0
        func shown(_ bytes: Int64) -> Int64 {
            var nanoseconds = Double(bytes) * 1e9 / Double(rate)
            // The kernel multiplies by a number of 32 bits, rounded down.
            if isTime {
                nanoseconds = (nanoseconds / 1000).rounded(.down) * 1000
            } else if !isExact {
                nanoseconds -= nanoseconds / 2_147_483_648 + 1
            }
            let microseconds = ((nanoseconds / 64).rounded(.down) / 15.625).rounded(.down)
            return Int64((Double(rate) * microseconds / 1e6).rounded(.down))
        }
        let most = printed + 4 + rate / 500_000
        return "\((printed...most).first { shown($0) == printed } ?? printed)b/1"
    }

    private static func bits(_ bytes: Int64) -> String {
        let (bits, isTooMuch) = bytes.multipliedReportingOverflow(by: 8)
        return isTooMuch ? "\(bytes)bps" : "\(bits)bit"
    }

    /// Times are seconds, shares parts of one. A table of delays (`distribution`) is not printed, nor is a loss by states here.
    private static func netem(_ options: JSONTree) -> [String]? {
        let known: Set = [
            "limit", "delay", "loss-random", "duplicate", "reorder", "corrupt", "rate", "ecn", "gap", "seed",
        ]
        guard options.members.allSatisfy({ known.contains($0.key) }) else { return nil }
        var words = pairs(options, [("limit", "limit")])
        if let delay = options["delay"], let time = nanoseconds(delay.text("delay")) {
            words += ["delay", time]
            if let jitter = nanoseconds(delay.text("jitter")), jitter != "0ns" {
                words += [jitter] + share(delay.text("correlation"))
            }
        }
        for (key, word) in [
            ("loss-random", "loss"), ("duplicate", "duplicate"), ("reorder", "reorder"), ("corrupt", "corrupt"),
        ] {
            guard let part = options[key] else { continue }
            let chance = share(part.text(word))
            if chance.isEmpty { return nil }
            words += [word] + (word == "loss" ? ["random"] : []) + chance + share(part.text("correlation"))
        }
        if let rate = options["rate"], let bytes = rate.number("rate") {
            words += ["rate", bits(bytes)]
            words += ["packetoverhead", "cellsize", "celloverhead"].map { rate.text($0) ?? "0" }
        }
        if let gap = options.text("gap"), gap != "0", options["reorder"] != nil { words += ["gap", gap] }
        if let seed = options.text("seed") { words += ["seed", seed] }
        return words
    }

    private static func nanoseconds(_ seconds: String?) -> String? {
        guard let seconds = seconds.flatMap({ Double($0) }), seconds >= 0, seconds < 1e6 else { return nil }
        return "\(Int64((seconds * 1e9).rounded()))ns"
    }

    /// `0.25` as `25%`; nothing for none.
    private static func share(_ text: String?) -> [String] {
        guard let share = text.flatMap({ Double($0) }), share > 0, share <= 1 else { return [] }
        return ["\(share * 100)%"]
    }

    /// Nil for the classes that a discipline makes by itself.
    static func ofClass(_ element: JSONTree) -> [String]? {
        guard let kind = element.text("class"), kind == "htb" || kind == "drr", let id = element.text("handle") else {
            return nil
        }
        // The highest class belongs to the discipline itself.
        let parent = element.text("parent") ?? "\(id.prefix { $0 != ":" }):"
        let options = (element["options"]?.elements ?? []).compactMap(\.string)
        return ["parent", parent, "classid", id, kind] + classOptions(options)
    }

    /// From `prio 0 rate 1Mbit … burst 1599b/1 mpu 0b …` what tc takes of it.
    private static func classOptions(_ printed: [String]) -> [String] {
        var values: [String: String] = [:]
        for index in stride(from: 0, to: printed.count - 1, by: 2) where values[printed[index]] == nil {
            values[printed[index]] = printed[index + 1]
        }
        var words = ["prio", "quantum", "rate", "ceil", "overhead"].flatMap { key in
            values[key].map { [key, $0] } ?? []
        }
        for (key, rate) in [("burst", "rate"), ("cburst", "ceil")] {
            guard let size = values[key] else { continue }
            words += [key, values[rate].flatMap(bytes).map { unrounded(size, rate: $0, isTime: true) } ?? size]
        }
        // A number without a unit.
        if let least = values["mpu"]?.prefix(while: \.isNumber), least != "0", !least.isEmpty {
            words += ["mpu", String(least)]
        }
        if let layer = values["linklayer"], layer != "ethernet" { words += ["linklayer", layer] }
        return words
    }

    /// Bytes a second, of `33Mbit`.
    private static func bytes(_ rate: String) -> Int64? {
        let number = rate.prefix { $0.isNumber }
        let units: [Substring: Int64] = [
            "bit": 1, "Kbit": 1000, "Mbit": 1_000_000, "Gbit": 1_000_000_000, "Tbit": 1_000_000_000_000,
        ]
        guard let value = Int64(number), let unit = units[rate.dropFirst(number.count)], value < 1 << 20 else {
            return nil
        }
        return value * unit / 8
    }
}
