internal import Glibc

/// One of capabilities(7), by its number in linux/capability.h.
public struct Capability: Sendable, Hashable {
    public var number: Int

    public init(number: Int) { self.number = number }

    public static let systemAdministration = Capability(number: 21)

    /// Whether this process has it in effect, in its own user namespace. Root without it (a container's) has it not.
    public var isEffective: Bool {
        guard let status = readText("/proc/self/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let set = UInt64(line.dropFirst(7).drop { $0 == " " || $0 == "\t" }, radix: 16)
        else { return false }
        return set >> UInt64(number) & 1 == 1
    }
}
