internal import CNetlink
internal import Glibc
public import LinuxSystem
public import Observations

/// The protocol counters of one namespace at one time (`/proc/net/snmp`, `netstat`, `snmp6`; proc_pid_net(5)), those
/// of IPsec (`xfrm_stat`), and conntrack's own (`/proc/net/stat/nf_conntrack`).
public struct ProtocolCounters: Sendable, Hashable {
    public var values: [String: UInt64]

    /// Reads them in `namespace`. A file that is missing counts as empty. Throws `SystemError`.
    public init(in namespace: NetworkNamespaceFile) throws {
        values = try namespace.perform {
            var values: [String: UInt64] = [:]
            for name in ["snmp", "netstat"] {
                values.merge(Self.parsePairs(readText("/proc/thread-self/net/\(name)") ?? "")) { first, _ in first }
            }
            for name in ["snmp6", "xfrm_stat"] {
                values.merge(Self.parseLines(readText("/proc/thread-self/net/\(name)") ?? "")) { first, _ in first }
            }
            values.merge(
                Self.parseColumns(readText("/proc/thread-self/net/stat/nf_conntrack") ?? "", title: "nf_conntrack")
            ) { first, _ in first }
            return values
        }
    }

    init(values: [String: UInt64]) { self.values = values }

    /// What rose since `before`; nil where nothing did.
    public func change(since before: ProtocolCounters, namespace: String) -> CounterChange? {
        var risen: [String: UInt64] = [:]
        for (name, value) in values {
            let old = before.values[name] ?? 0
            if value > old { risen[name] = value - old }
        }
        if risen.isEmpty { return nil }
        return CounterChange(timeNanoseconds: realTimeNanoseconds(), namespace: namespace, counters: risen)
    }

    /// `Ip: InReceives InHdrErrors …` and below it `Ip: 10 0 …`.
    static func parsePairs(_ text: String) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        let lines = text.split(separator: "\n")
        for index in stride(from: 0, to: lines.count - 1, by: 2) {
            let names = lines[index].split(separator: " ")
            let numbers = lines[index + 1].split(separator: " ")
            guard let title = names.first, title == numbers.first else { continue }
            for (name, number) in zip(names.dropFirst(), numbers.dropFirst()) {
                // Gauges such as Tcp.MaxConn can be -1: they are no counters.
                if let value = UInt64(number) { values["\(title.dropLast()).\(name)"] = value }
            }
        }
        return values
    }

    /// `Ip6InReceives   12`.
    static func parseLines(_ text: String) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count == 2, let value = UInt64(words[1]) { values[String(words[0])] = value }
        }
        return values
    }

    /// Names in the first line, then a line of hexadecimal numbers for each CPU, which are added up. `entries` stands in
    /// every line alike and is no counter.
    static func parseColumns(_ text: String, title: String) -> [String: UInt64] {
        var values: [String: UInt64] = [:]
        let lines = text.split(separator: "\n")
        guard let names = lines.first?.split(separator: " ") else { return [:] }
        for line in lines.dropFirst() {
            for (name, number) in zip(names, line.split(separator: " ")) where name != "entries" {
                if let value = UInt64(number, radix: 16) { values["\(title).\(name)", default: 0] &+= value }
            }
        }
        return values
    }
}
