import Glibc
import LinuxSystem
import Testing
import Wire

@testable import Probes

/// The BPF program that reports drops, on the running kernel.
@Suite("The drop probe", .enabled(if: geteuid() == 0 && (try? DropProbe()) != nil))
struct DropProbeTests {
    @Test("tells of drops in the namespaces that it was given, and of no others")
    func namespaces() throws {
        let inode = try UInt32(truncatingIfNeeded: NetworkNamespaceFile(path: "/proc/self/ns/net").inode)
        let probe = try DropProbe()
        try probe.set(.everything)
        // One that nobody listens on, told apart from others' by its number.
        let port = UInt16(40000 + getpid() % 8000)

        sendToNobody(port)
        #expect(dropped(by: probe, port) == [])
        try probe.report(dropsIn: inode, true)
        sendToNobody(port)
        #expect(dropped(by: probe, port) == [inode])
        try probe.report(dropsIn: inode, false)
        // Not there any more.
        try probe.report(dropsIn: inode, false)
        sendToNobody(port)
        #expect(dropped(by: probe, port) == [])
    }

    private func sendToNobody(_ port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, "x", 1, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(sent == 1)
    }

    /// The namespaces of the datagrams to a port that were told of since the last call.
    private func dropped(by probe: DropProbe, _ port: UInt16) -> [UInt32] {
        final class Found {
            let port: UInt16
            var inodes: [UInt32] = []
            init(_ port: UInt16) { self.port = port }
        }
        let found = Found(port)
        probe.consume(
            { context, bytes, count in
                guard let context, let bytes else { return }
                let found = Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                let record = DropRecord(UnsafeRawBufferPointer(start: bytes, count: count).bytes)
                if let record, record.headers.destinationPort == found.port, record.headers.ipProtocol == .udp {
                    found.inodes.append(record.namespaceInode)
                }
            }, Unmanaged.passUnretained(found).toOpaque())
        return found.inodes
    }
}
