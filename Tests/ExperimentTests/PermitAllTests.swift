import Testing

@testable import Experiment

@Suite("Rules that let everything pass")
struct PermitAllTests {
    @Test("of iptables keep all but the verdicts")
    func iptables() {
        let text = """
            *filter
            :INPUT DROP [3:180]
            :FORWARD ACCEPT [0:0]
            :DROP-LOG - [0:0]
            -A FORWARD -s 10.0.0.0/8 -m comment --comment "we -j DROP \\"here\\" -j REJECT" -j DROP
            -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
            -A FORWARD -j DROP-LOG
            -A FORWARD -m comment --comment "-j DROP" -j MARK --set-xmark 0x1/0xffffffff
            -A DROP-LOG -j LOG --log-prefix "x -j DROP "
            -A DROP-LOG -g DROP-LOG
            COMMIT
            """
        let permitted = """
            *filter
            :INPUT ACCEPT [3:180]
            :FORWARD ACCEPT [0:0]
            :DROP-LOG - [0:0]
            -A FORWARD -s 10.0.0.0/8 -m comment --comment "we -j DROP \\"here\\" -j REJECT" -j ACCEPT
            -A FORWARD -p tcp -j ACCEPT
            -A FORWARD -j DROP-LOG
            -A FORWARD -m comment --comment "-j DROP" -j MARK --set-xmark 0x1/0xffffffff
            -A DROP-LOG -j LOG --log-prefix "x -j DROP "
            -A DROP-LOG -g DROP-LOG
            COMMIT
            """
        #expect(PermitAll.iptables(text) == permitted)
    }

    @Test("of nft keep all but the verdicts")
    func nft() {
        let text = """
            table inet drop_all {
            \tset dropped { type ipv4_addr; elements = { 192.0.2.1 comment "drop it" } }
            \tchain my-drop {
            \t\ttype filter hook forward priority filter; policy drop;
            \t\tct state vmap { invalid : drop, new : jump a, established : accept }
            \t\tip saddr @dropped counter packets 1 bytes 2 drop comment "reject with icmp port-unreachable"
            \t\ttcp dport 22 reject with tcp reset
            \t\tudp dport 22 reject with icmpx type admin-prohibited
            \t\tudp dport 23 reject with icmp port-unreachable comment "b"
            \t\tudp dport 24 log prefix "drop: " reject
            \t\toifname "drop" jump my-drop
            \t\tip daddr 10.0.0.1 dnat to 10.0.0.2
            \t}
            }
            """
        let permitted = """
            table inet drop_all {
            \tset dropped { type ipv4_addr; elements = { 192.0.2.1 comment "drop it" } }
            \tchain my-drop {
            \t\ttype filter hook forward priority filter; policy accept;
            \t\tct state vmap { invalid : accept, new : jump a, established : accept }
            \t\tip saddr @dropped counter packets 1 bytes 2 accept comment "reject with icmp port-unreachable"
            \t\ttcp dport 22 accept
            \t\tudp dport 22 accept
            \t\tudp dport 23 accept comment "b"
            \t\tudp dport 24 log prefix "drop: " accept
            \t\toifname "drop" jump my-drop
            \t\tip daddr 10.0.0.1 dnat to 10.0.0.2
            \t}
            }
            """
        #expect(PermitAll.nft(text) == permitted)
    }
}
