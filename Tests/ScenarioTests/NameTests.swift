import Testing

/// Destinations by name, looked up as the sender's own programs would.
@Suite("Destinations by name")
struct NameTests {
    /// A namespace `web`, a resolver on the host that knows `db.shop.example` and fails on `broken`, and a file that names it.
    private static let network = """
        ip netns add web
        ip link add door0 type veth peer name eth0 netns web
        ip addr add 10.9.0.1/24 dev door0
        ip link set door0 up
        ip -n web link set lo up
        ip -n web addr add 10.9.0.2/24 dev eth0
        ip -n web link set eth0 up
        printf 'nameserver 10.9.0.1\\nsearch shop.example\\n' > /run/resolv.conf
        mount --bind /run/resolv.conf /etc/resolv.conf
        cat > /run/resolver.py <<'PYTHON'
        import os, socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.9.0.1", 53))
        if os.fork(): os._exit(0)
        os.setsid()
        while True:
            q, peer = s.recvfrom(512)
            end = q.index(0, 12) + 5
            known, broken = q[12:].startswith(b"\\x02db\\x04shop\\x07example\\x00"), b"broken" in q
            code = 0 if known else 2 if broken else 3
            wants = q[end - 4:end - 2] == b"\\x00\\x01"
            answer = b"\\xc0\\x0c\\x00\\x01\\x00\\x01\\x00\\x00\\x00\\x3c\\x00\\x04\\x0a\\x09\\x00\\x01" if known and wants else b""
            s.sendto(q[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, 1 if answer else 0, 0, 0, 0, 0]) + q[12:end] + answer, peer)
        PYTHON
        /usr/bin/python3 /run/resolver.py < /dev/null > /dev/null 2>&1

        """

    @Test("are resolved with the search list; a name that is not there is the finding")
    func names() throws {
        let shell = try SandboxShell(
            Self.network + """
                "$P" explain --from web --twin none -q db 2>&1; echo "status $?"
                "$P" explain --from web --twin none -q db.shop.example. 2>&1; echo "status $?"
                "$P" explain --from web --twin none -q cache 2>&1; echo "status $?"
                "$P" explain --from web --twin none -q broken 2>&1; echo "status $?"
                """)
        let lines = shell.text.split(separator: "\n").map { String($0) }
        #expect(lines.count == 8, "\(shell.text)")
        #expect(lines.first?.contains("10.9.0.1") == true)
        #expect(lines.filter { $0.hasPrefix("status") } == ["status 0", "status 0", "status 1", "status 1"])
        #expect(
            lines.contains(
                "packetwalk: web cannot resolve cache: its resolver 10.9.0.1 replies NXDOMAIN for cache: there is no such name"
            ), "\(shell.text)")
        #expect(
            lines.contains(
                "packetwalk: web cannot resolve broken: its resolver 10.9.0.1 replies SERVFAIL for broken: the resolver itself gets no answer"
            ), "\(shell.text)")
    }

    @Test("where the resolver does not reply, the question itself is explained")
    func silent() throws {
        let shell = try SandboxShell(
            Self.network + """
                iptables -A INPUT -p udp --dport 53 -j DROP
                "$P" explain --from web --twin none db.shop.example 2>&1; echo "status $?"
                """)
        #expect(
            shell.text.contains(
                "packetwalk: web cannot resolve db.shop.example: its resolver 10.9.0.1 does not reply. What becomes of the question:"
            ), "\(shell.text)")
        #expect(shell.text.contains("iptables filter INPUT 1"), "\(shell.text)")
        #expect(shell.text.contains("(rule-drop)"), "\(shell.text)")
        #expect(shell.text.hasSuffix("status 1\n"), "\(shell.text)")
    }
}
