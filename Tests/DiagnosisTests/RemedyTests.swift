import Network
import Testing
import WalkModel
import Wire

@Suite("Commands of a remedy") struct RemedyTests {
    @Test(
        "a word for the shell is typed as it is, quoted, or spelled out where nobody could type it",
        arguments: [
            ("mynamespace", "mynamespace"), ("two words", "'two words'"), ("it's", "'it'\\''s'"), ("", "''"),
            ("größe", "'größe'"), ("a\nb", "$'a\\x0ab'"), ("bad\\xffutf", "$'bad\\xffutf'"),
            ("\u{1b}'\\", "$'\\x1b\\'\\\\'"),
        ])
    func shellWords(name: String, word: String) {
        #expect(shellWord(name) == word)
    }

    @Test("blanks of the literal separate words, blanks of a value do not")
    func words() {
        let name = "a b"
        let none: CommandWords = ""
        let more: CommandWords = "table \(7)"
        #expect(CommandWords("link set dev \(name) up").words == ["link", "set", "dev", "a b", "up"])
        #expect(CommandWords("x\(name)y \(words: none) \(words: more)").words == ["xa by", "table", "7"])
        #expect(CommandWords("\("{ policy drop; }")").words == ["{ policy drop; }"])
    }

    private static let host = Namespace(name: "host", inode: 1, path: "/proc/1/ns/net")
    private static let named = Namespace(name: "two words", inode: 2, path: "/run/netns/two words")
    private static let process = Namespace(name: "web", inode: 3, path: "/proc/40/ns/net")

    @Test(
        "are written for the namespace that they are typed in",
        arguments: [
            (host, "ip link set dev a up", "sysctl -w net.ipv4.conf.eth0/7.rp_filter=2"),
            (
                named, "ip -n 'two words' link set dev a up",
                "ip netns exec 'two words' sysctl -w net.ipv4.conf.eth0/7.rp_filter=2"
            ),
            (
                process, "nsenter --net=/proc/40/ns/net ip link set dev a up",
                "nsenter --net=/proc/40/ns/net sysctl -w net.ipv4.conf.eth0/7.rp_filter=2"
            ),
        ])
    func scopes(namespace: Namespace, link: String, setting: String) {
        let remedy = Remedy([
            .ip(namespace, "link set dev a up"),
            .sysctl(namespace, "net.ipv4.conf.DEVICE.rp_filter", device: "eth0.7", "2"),
        ])
        #expect(remedy.commands == [link, setting])
    }

    @Test("are written for another namespace, and for one that is entered by a file, when they are wanted there")
    func late() {
        let remedy = Remedy([
            .ip(Self.process, .ipv6, "route add default via fd00::1"),
            .run(Self.host, "tc filter del dev eth0 ingress"),
        ])
        #expect(
            remedy.commands(in: CommandScope(home: "web")) == [
                "ip -6 route add default via fd00::1",
                "nsenter --net=/proc/1/ns/net tc filter del dev eth0 ingress",
            ])
        let rebuilt = CommandScope(home: "", entry: .byFiles(["web": "/tmp/twin/web", "host": "/tmp/twin/host"]))
        #expect(
            remedy.commands(in: rebuilt) == [
                "nsenter --net=/tmp/twin/web ip -6 route add default via fd00::1",
                "nsenter --net=/tmp/twin/host tc filter del dev eth0 ingress",
            ])
    }

    @Test("of rules are quoted for a shell: braces, brackets, names")
    func rules() {
        let chain = "add chain ip nat postrouting { type nat hook postrouting priority srcnat; }"
        let remedy = Remedy([
            .nft(Self.host, "\(chain)"), .nft(Self.host, "add rule ip f c iifname \("a;b") dnat to \("[fd00::2]:80")"),
            .iptables(
                Self.host,
                IptablesChange(
                    isIPv4: false, isLegacy: true, table: "nat", chain: "my chain", .before(3),
                    rule: "-s fd00::1 -j ACCEPT")),
            .iptables(
                Self.host,
                IptablesChange(
                    isIPv4: true, isLegacy: false, table: "filter", chain: "DOCKER-USER", .before(nil),
                    rule: "-j ACCEPT")
            ),
            .iptables(
                Self.host,
                IptablesChange(
                    isIPv4: true, isLegacy: false, table: "filter", chain: "FORWARD", .last, rule: "-j ACCEPT")),
            RemedyAction(in: nil, .sysctl(name: "net.netfilter.nf_conntrack_max", value: "8")),
        ])
        #expect(
            remedy.commands == [
                "nft '\(chain)'", "nft add rule ip f c iifname 'a;b' dnat to '[fd00::2]:80'",
                "ip6tables-legacy -t nat -I 'my chain' 3 -s fd00::1 -j ACCEPT", "iptables -I DOCKER-USER -j ACCEPT",
                "iptables -A FORWARD -j ACCEPT", "sysctl -w net.netfilter.nf_conntrack_max=8",
            ])
        #expect(Remedy(ifAny: []) == nil)
    }
}
