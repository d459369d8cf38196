import Netlink
import Testing
import Wire

@testable import Discovery
@testable import Network

@Suite struct SocketRecordTests {
    /// `struct inet_diag_msg` of a UDP socket on 127.0.0.1:53 with 7488 bytes waiting, then INET_DIAG_SKMEMINFO.
    private static let lines = [
        "02070000",  // AF_INET, state 7
        // The ports, the source, the destination.
        "00350000", "7f000001000000000000000000000000", "00000000000000000000000000000000",
        "00000000", "0000000000000000",  // interface, cookie
        "00000000", "401d0000", "00000000", "00000000", "1e290e00",  // expires, queues, user, inode
        "28000700",  // nine numbers: 1 is the buffer's size, 8 the drops
        "401d0000", "00200000", "00000000", "00400300", "00000000", "00000000", "00000000", "00000000", "29000000",
    ]

    @Test("a UDP socket with its queue, its buffer and what did not fit")
    func readsSocket() throws {
        let message = try #require(
            try NetlinkMessage.split(RecordedChannel.message(20, RecordedChannel.bytes(Self.lines))).first)
        let listener = try #require(Listener(message, protocol: "udp"))
        #expect(listener.address == IPAddress("127.0.0.1") && listener.port == 53)
        #expect(listener.receiveQueue == 7488 && listener.receiveBufferBytes == 8192 && listener.drops == 41)
        #expect(listener.inode == 928030)
    }

    @Test("a UDP socket that is connected, with its peer")
    func readsPeer() throws {
        let lines = [
            "02010000",  // AF_INET, TCP_ESTABLISHED
            "13881389", "c6336401000000000000000000000000", "cb007109000000000000000000000000",
            "00000000", "0000000000000000", "00000000", "00000000", "00000000", "00000000", "1e290e00",
        ]
        let message = try #require(
            try NetlinkMessage.split(RecordedChannel.message(20, RecordedChannel.bytes(lines))).first)
        let socket = try #require(Listener(message, protocol: "udp"))
        #expect(socket.address == IPAddress("198.51.100.1") && socket.port == 5000)
        #expect(socket.peer == Listener.Peer(try #require(IPAddress("203.0.113.9")), port: 5001))
        var namespace = Namespace(name: "a", inode: 1, path: "")
        namespace.take([socket])
        #expect(namespace.listeners.isEmpty && namespace.connectedSockets == [socket])
    }

    @Test("a TCP listener with its accept queue, its device, and whether it takes IPv4")
    func readsListener() throws {
        let lines = [
            "0a0a0000",  // AF_INET6, TCP_LISTEN
            "1f900000", "00000000000000000000000000000000", "00000000000000000000000000000000",
            "04000000", "0000000000000000",  // interface 4, cookie
            "00000000", "03000000", "02000000", "00000000", "1e290e00",  // expires, 3 wait, 2 may, user, inode
            "05000b0001000000",  // INET_DIAG_SKV6ONLY
            "0500160032000000",  // INET_DIAG_SOCKOPT: is_icsk, mc_loop, transparent
        ]
        let message = try #require(
            try NetlinkMessage.split(RecordedChannel.message(20, RecordedChannel.bytes(lines))).first)
        let listener = try #require(Listener(message, protocol: "tcp", names: [4: "br0"]))
        #expect(listener.address == IPAddress("::") && listener.port == 8080)
        #expect(listener.receiveQueue == 3 && listener.backlog == 2)
        #expect(listener.device == "br0" && listener.isIPv6Only == true && listener.isTransparent == true)
    }

    @Test("the addresses whose segments must be signed, and not the password")
    func readsSignedPeers() throws {
        let lines = [
            "020a0000",  // AF_INET, TCP_LISTEN
            "00b30000", "00000000000000000000000000000000", "00000000000000000000000000000000",
            "00000000", "0000000000000000",  // interface, cookie
            "00000000", "00000000", "05000000", "00000000", "1e290e00",  // expires, 0 wait, 5 may, user, inode
            "cc001200",  // INET_DIAG_MD5SIG: 204 bytes, two of struct tcp_diag_md5sig
            "02200600", "cb007102" + String(repeating: "0", count: 24),  // AF_INET, /32, six bytes of key; 203.0.113.2
            "736563726574" + String(repeating: "0", count: 148),
            "0a400600", "fd000001" + String(repeating: "0", count: 24),  // AF_INET6, /64; fd00:1::
            "736563726574" + String(repeating: "0", count: 148),
        ]
        let message = try #require(
            try NetlinkMessage.split(RecordedChannel.message(20, RecordedChannel.bytes(lines))).first)
        let listener = try #require(Listener(message, protocol: "tcp"))
        #expect(listener.port == 179)
        let peers = [try #require(IPPrefix("203.0.113.2/32")), try #require(IPPrefix("fd00:1::/64"))]
        #expect(listener.signedPeers == peers)
        #expect(!"\(listener)".contains("115, 101, 99, 114, 101, 116"))
    }

    @Test("an answer that is too short is none")
    func refusesShort() throws {
        let bytes = RecordedChannel.bytes(Array(Self.lines.prefix(8)))
        let message = try #require(try NetlinkMessage.split(RecordedChannel.message(20, bytes)).first)
        #expect(Listener(message, protocol: "udp") == nil)
    }
}
