import Testing

@testable import Experiment

@Suite("Rules whose conditions hold the other way")
struct RuleVariantsTests {
    private static let always = "-m mark --mark 0x0/0x0"
    private static let never = "-m mark --mark 0x1/0x0"

    @Test(
        "of iptables",
        arguments: [
            // A limit lets packets pass until it is used up.
            ("-A F -m limit --limit 5/sec --limit-burst 7 -j ACCEPT", "-A F \(never) -j ACCEPT"),
            (
                "-A F -p tcp -m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr -j DROP",
                "-A F -p tcp \(always) -j DROP"
            ),
            (
                "-A F -m hashlimit --hashlimit-upto 1/sec --hashlimit-name a -m tcp --dport 2 -j ACCEPT",
                "-A F \(never) -m tcp --dport 2 -j ACCEPT"
            ),
            // A list begins empty.
            (
                "-A F -m recent --rcheck --seconds 9 --name A --mask 255.255.255.255 --rsource -j ONE",
                "-A F \(always) -j ONE"
            ),
            ("-A F -m recent ! --rcheck --name A --mask 255.255.255.255 --rsource -j DROP", "-A F \(never) -j DROP"),
            (
                "-A F -m recent --set --name A --mask 255.255.255.255 --rsource -j A",
                "-A F -m recent --set --name A --mask 255.255.255.255 --rsource -j A"
            ),
            // What stands in quotes is no condition.
            (
                "-A F -m comment --comment \"-m limit here\" -m limit --limit 1/min -j LOG",
                "-A F -m comment --comment \"-m limit here\" \(never) -j LOG"
            ),
            (":F ACCEPT [0:0]", ":F ACCEPT [0:0]"),
        ])
    func iptablesLimits(_ rule: String, _ otherwise: String) {
        #expect(RuleVariants.iptables(rule, .limits) == otherwise)
        #expect(RuleVariants.iptables(rule, .users) == rule)
    }

    @Test(
        "of users of iptables",
        arguments: [
            ("-A O -m owner --uid-owner 33 -j DROP", "-A O \(always) -j DROP"),
            ("-A O -m owner ! --uid-owner 33 -j DROP", "-A O \(never) -j DROP"),
            // Root is who sends in a sandbox.
            ("-A O -m owner --uid-owner 0 -j DROP", "-A O -m owner --uid-owner 0 -j DROP"),
        ])
    func iptablesUsers(_ rule: String, _ otherwise: String) {
        #expect(RuleVariants.iptables(rule, .users) == otherwise)
    }

    @Test(
        "of nft",
        arguments: [
            ("\t\ttcp dport 22 limit rate 10/second burst 5 packets accept", "\t\ttcp dport 22 meta length 0 accept"),
            ("\t\tlimit rate over 1 mbytes/second burst 2 kbytes drop", "\t\t drop"),
            ("\t\tct count over 2 drop", "\t\t drop"),
            ("\t\tct count 2 accept", "\t\tmeta length 0 accept"),
            // An element's own limit stays.
            (
                "\t\tadd @s { ip saddr limit rate 1/second } accept",
                "\t\tadd @s { ip saddr limit rate 1/second } accept"
            ),
        ])
    func nftLimits(_ rule: String, _ otherwise: String) {
        #expect(RuleVariants.nft(rule, .limits) == otherwise)
    }

    @Test(
        "of users of nft",
        arguments: [
            ("\t\tmeta skuid 33 tcp dport 80 drop", "\t\t tcp dport 80 drop"),
            ("\t\toif \"lo\" meta skuid != \"www-data\" drop", "\t\toif \"lo\" meta length 0 drop"),
            ("\t\tmeta skuid { 33, 34 } accept", "\t\t accept"),
            ("\t\tmeta skuid 0 accept", "\t\tmeta skuid 0 accept"),
        ])
    func nftUsers(_ rule: String, _ otherwise: String) {
        #expect(RuleVariants.nft(rule, .users) == otherwise)
    }
}
