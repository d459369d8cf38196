// Either may own what <sys/socket.h> declares, by the order in which a whole module is compiled.
internal import CNetlink
internal import Glibc
internal import LinuxSystem
public import Network

extension HostID {
    /// The host that the calling thread's network namespace belongs to.
    ///
    /// What the system doesn't say counts for nothing; where it says neither machine nor boot, the id is a random one,
    /// of this call alone.
    public static func current() -> HostID {
        let machine = ["/etc/machine-id", "/var/lib/dbus/machine-id"].lazy.compactMap { readText($0) }.first ?? ""
        let boot = readText("/proc/sys/kernel/random/boot_id") ?? ""
        let name = NetworkDiscovery.hostName()
        guard machine.isEmpty && boot.isEmpty else {
            return HostID(name: name, machine: machine, boot: boot, networkNamespace: namespaceCookie())
        }
        return HostID(name: name, machine: "", boot: "", networkNamespace: .random(in: .min ... .max))
    }

    /// Of the calling thread's network namespace; its inode where the kernel is older than Linux 5.14.
    private static func namespaceCookie() -> UInt64 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { if descriptor >= 0 { close(descriptor) } }
        var cookie: UInt64 = 0
        var size = socklen_t(MemoryLayout.size(ofValue: cookie))
        if descriptor >= 0, getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 { return cookie }
        var status = stat()
        return stat("/proc/thread-self/ns/net", &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
