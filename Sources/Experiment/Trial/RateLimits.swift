internal import Glibc

/// What would make the fate of one packet depend on chance, or on how many others are sent beside it, and how fast. All is of the
/// calling thread's namespace; what can't be written there is left as it is.
enum RateLimits {
    /// An answer of a proxy (ARP, neighbour discovery) comes at once, and not after up to 0.8 seconds by chance.
    static func removeProxyDelay() { setOfNeighbours("proxy_delay", to: "0") }

    /// A neighbour that does not answer is given up after 0.3 seconds, and not after 3: those that are there answer at once.
    static func hastenNeighbours() { setOfNeighbours("retrans_time_ms", to: "100") }

    /// ICMP errors are told however many there are; a neighbour that is being asked for keeps all packets that wait for it.
    static func remove() {
        write("0", to: "/proc/sys/net/ipv4/icmp_ratelimit")
        write("0", to: "/proc/sys/net/ipv4/icmp_ratemask")
        write("0", to: "/proc/sys/net/ipv6/icmp/ratelimit")
        // Of the types that are limited: one that there is not.
        write("255", to: "/proc/sys/net/ipv6/icmp/ratemask")
        setOfNeighbours("unres_qlen_bytes", to: "4194304")
    }

    /// For each device, and those that come.
    private static func setOfNeighbours(_ setting: String, to value: String) {
        for family in ["ipv4", "ipv6"] {
            let folder = "/proc/sys/net/\(family)/neigh"
            guard let directory = opendir(folder) else { continue }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                write(value, to: "\(folder)/\(name)/\(setting)")
            }
        }
    }

    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let line = text + "\n"
        _ = line.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    }
}
