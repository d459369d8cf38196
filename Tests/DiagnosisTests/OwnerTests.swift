import Diagnosis
import Network
import Observations
import Testing
import WalkModel
import Wire

/// Rules that programs wrote, named for what they are there for, with the program's own command as the lasting fix.
@Suite("Owners of rules") struct OwnerTests {
    var network = BaseNetwork()
    let toHost: [Sight] = [
        .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"), .into("host", "mybridge"),
    ]

    /// As `ufw enable` leaves the chains, but for logging.
    mutating func addUfw(user: [String] = [], forward: [String] = []) {
        network.add(
            iptables(
                "filter", "INPUT", policy: "drop",
                rules: ["-j ufw-before-input", "-j ufw-after-input", "-j ufw-track-input"]),
            iptables(
                "filter", "FORWARD", policy: "drop", rules: ["-j ufw-before-forward", "-j ufw-reject-forward"]),
            iptables(
                "filter", "ufw-before-input",
                rules: [
                    "-i lo -j ACCEPT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-j ufw-user-input",
                ]),
            iptables("filter", "ufw-user-input", rules: user), iptables("filter", "ufw-after-input", rules: []),
            iptables("filter", "ufw-track-input", rules: []),
            iptables(
                "filter", "ufw-before-forward",
                rules: ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-j ufw-user-forward"]),
            iptables("filter", "ufw-user-forward", rules: forward), iptables("filter", "ufw-reject-forward", rules: []))
    }

    @Test("ufw's default policy: ufw allow, with the raw rule beside it")
    mutating func ufwPolicy() {
        addUfw()
        let first = network.findings(
            Probe.tcp(80, to: "172.19.0.1").walk(.lost, through: toHost)
        ).first
        #expect(first?.code == "policy-drop")
        #expect(
            first?.message
                == "the policy of iptables filter INPUT (ufw's default policy) in host drops 172.19.0.2 > 172.19.0.1: no rule accepts it"
        )
        #expect(first?.remedy?.owner?.commands == ["ufw allow 80/tcp"])
        #expect(
            first?.remedy?.commands
                == ["iptables -A INPUT -i mybridge -s 172.19.0.2 -d 172.19.0.1 -p tcp --dport 80 -j ACCEPT"])
    }

    @Test("a rule that ufw was told: an exception before it")
    mutating func ufwRule() {
        addUfw(user: ["-p tcp -m tcp --dport 80 -j DROP"])
        let first = network.findings(
            Probe.tcp(80, to: "172.19.0.1").walk(.lost, through: toHost)
        ).first
        #expect(first?.code == "rule-drop")
        #expect(
            first?.message.contains("iptables filter ufw-user-input 1 (ufw's rules by command) in host drops") == true)
        #expect(
            first?.remedy?.owner?.commands
                == ["ufw insert 1 allow proto tcp from 172.19.0.2 to 172.19.0.1 port 80"])
    }

    @Test("what is forwarded: ufw route allow")
    mutating func ufwRoute() {
        addUfw()
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(
            first?.remedy?.owner?.commands
                == ["ufw route allow in on mybridge out on eth0 from 172.19.0.2 to 198.51.100.1"])
    }

    @Test("firewalld: a port of the zone that the device is in, for now and for good")
    mutating func firewalld() {
        network.change("host") { $0.netfilter.backend.append("nft") }
        network.add(
            nft(
                "inet", "firewalld", "filter_INPUT", hook: .input, priority: 10,
                rules: [
                    ("jump filter_INPUT_ZONES", #"[{"jump":{"target":"filter_INPUT_ZONES"}}]"#),
                    (
                        "reject with icmpx admin-prohibited",
                        #"[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]"#
                    ),
                ]),
            nft(
                "inet", "firewalld", "filter_INPUT_ZONES",
                rules: [
                    (
                        #"iifname "mybridge" goto filter_IN_internal"#,
                        #"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"mybridge"}},{"goto":{"target":"filter_IN_internal"}}]"#
                    ), ("goto filter_IN_public", #"[{"goto":{"target":"filter_IN_public"}}]"#),
                ]),
            nft(
                "inet", "firewalld", "filter_IN_internal",
                rules: [
                    (
                        "reject with icmpx admin-prohibited",
                        #"[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]"#
                    )
                ]),
            nft("inet", "firewalld", "filter_IN_public", rules: []))
        let first = network.findings(
            Probe.tcp(80, to: "172.19.0.1").walk(.rejected, through: toHost)
        ).first
        #expect(first?.code == "rule-reject")
        #expect(first?.message.contains("(firewalld's zone internal)") == true)
        #expect(
            first?.remedy?.owner?.commands == [
                "firewall-cmd --zone=internal --add-port=80/tcp",
                "firewall-cmd --permanent --zone=internal --add-port=80/tcp",
            ])
    }

    @Test("firewalld: a policy between the zones of two devices")
    mutating func firewalldForward() {
        network.change("host") { $0.netfilter.backend.append("nft") }
        let reject = (
            "reject with icmpx admin-prohibited", #"[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]"#
        )
        func byDevice(_ chain: String) -> [(String, String)] {
            [
                (
                    #"iifname "mybridge" goto \#(chain)_internal"#,
                    #"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"mybridge"}},{"goto":{"target":"\#(chain)_internal"}}]"#
                ), ("goto \(chain)_public", #"[{"goto":{"target":"\#(chain)_public"}}]"#),
            ]
        }
        network.add(
            nft(
                "inet", "firewalld", "filter_FORWARD", hook: .forward, priority: 10,
                rules: [("jump filter_FORWARD_ZONES", #"[{"jump":{"target":"filter_FORWARD_ZONES"}}]"#)]),
            nft("inet", "firewalld", "filter_FORWARD_ZONES", rules: byDevice("filter_FWD")),
            nft("inet", "firewalld", "filter_INPUT_ZONES", rules: byDevice("filter_IN")),
            nft("inet", "firewalld", "filter_FWD_internal", rules: [reject]),
            nft("inet", "firewalld", "filter_FWD_public", rules: [reject]),
            nft("inet", "firewalld", "filter_IN_internal", rules: [reject]),
            nft("inet", "firewalld", "filter_IN_public", rules: [reject]))
        let first = network.findings(Probe.ping.walk(.rejected, through: toBridge)).first
        #expect(
            first?.remedy?.owner?.commands == [
                "firewall-cmd --permanent --new-policy=internal-to-public",
                "firewall-cmd --permanent --policy=internal-to-public --add-ingress-zone=internal",
                "firewall-cmd --permanent --policy=internal-to-public --add-egress-zone=public",
                #"firewall-cmd --permanent --policy=internal-to-public --add-rich-rule='rule family="ipv4" source address="172.19.0.2" destination address="198.51.100.1" protocol value="icmp" accept'"#,
                "firewall-cmd --reload",
            ])
    }

    @Test("a container that is joined to no network: its engine joins it to one")
    mutating func joinedToNothing() {
        network.change("mynamespace") {
            $0.containers = ["job"]
            $0.links = [loopback(), Link(name: "tunl0", index: 9, kind: "ipip", isUp: false)]
            $0.routes = []
        }
        let failure = SendFailure(
            timeNanoseconds: 0, namespace: "mynamespace",
            tuple: FlowTuple(
                source: "0.0.0.0", destination: "198.51.100.1", sourcePort: 0, destinationPort: 0, ipProtocol: .icmp),
            errorNumber: 101, message: "Network is unreachable")
        let probe = Probe(source: "0.0.0.0", destination: "198.51.100.1")
        let first = network.findings(probe.walk(.unsent, through: [.sent("mynamespace")])) {
            $0.sendFailures = [failure]
        }.first
        #expect(first?.code == "no-route")
        #expect(first?.message.hasSuffix("the container is joined to no network") == true)
        #expect(first?.remedy?.owner?.commands == ["docker network connect bridge job"])
        #expect(first?.remedy?.isForOwnerAlone == true)
    }

    /// As somebody leaves the host who types `iptables -t nat -F`, or starts firewalld.
    mutating func flushNAT(of manager: Workload.Manager) {
        network.masquerade(nil)
        network.change("host", link: "mybridge") { $0.workload = Workload(.network, "shop", by: manager) }
    }

    @Test(
        "a network's rules were flushed: whoever wrote them writes them again",
        arguments: [
            (.docker, "systemctl restart docker"), (.podman, "podman network reload --all"),
            (.libvirt, "systemctl restart libvirtd"),
        ] as [(Workload.Manager, String)])
    mutating func flushed(manager: Workload.Manager, command: String) {
        flushNAT(of: manager)
        let first = network.findings(Probe.ping.walk(.delivered, through: toWan)).first
        #expect(first?.code == "no-source-nat")
        #expect(first?.remedy?.owner?.commands == [command])
        #expect(first?.remedy?.owner?.note?.contains("none is in nat of host") == true)
        #expect(
            first?.remedy?.commands == ["iptables -t nat -A POSTROUTING -s 172.19.0.0/24 -o eth0 -j MASQUERADE"])
    }

    @Test("Docker's rules are there, but none for this network: nothing is said of flushing")
    mutating func unflushed() {
        flushNAT(of: .docker)
        network.add(iptables("nat", "PREROUTING", rules: ["-m addrtype --dst-type LOCAL -j DOCKER"]))
        let first = network.findings(Probe.ping.walk(.delivered, through: toWan)).first
        #expect(first?.code == "no-source-nat")
        #expect(first?.remedy != nil)
        #expect(first?.remedy?.owner == nil)
    }

    @Test("a rule that drops before Docker's chain for the user is asked: the accept stands before the rule")
    mutating func beforeDockerUser() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-s 172.19.0.0/24 -j DROP", "-j DOCKER-USER"]),
            iptables("filter", "DOCKER-USER", rules: ["-j RETURN"]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "rule-drop")
        #expect(
            first?.remedy?.commands
                == ["iptables -I FORWARD 1 -i mybridge -o eth0 -s 172.19.0.2 -d 198.51.100.1 -p icmp -j ACCEPT"])
    }

    @Test("the policy is what Docker left: its rules were flushed")
    mutating func leftPolicy() {
        network.change("host", link: "mybridge") { $0.workload = Workload(.network, "shop", by: .docker) }
        network.add(
            iptables("filter", "FORWARD", policy: "drop", rules: []), iptables("filter", "DOCKER-USER", rules: []))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.code == "policy-drop")
        #expect(first?.remedy?.owner?.commands == ["systemctl restart docker"])
        // No packet comes to DOCKER-USER any more.
        #expect(
            first?.remedy?.commands.first
                == "iptables -A FORWARD -i mybridge -o eth0 -s 172.19.0.2 -d 198.51.100.1 -p icmp -j ACCEPT")
    }

    @Test("firewalld without translation: a rich rule of the zone, and a raw rule that is not in its table")
    mutating func firewalldTranslation() {
        network.masquerade(nil)
        network.change("host") { $0.netfilter.backend = ["nft"] }
        let jump = #"[{"jump":{"target":"nat_POSTROUTING_ZONES"}}]"#
        network.add(
            nft(
                "inet", "firewalld", "nat_POSTROUTING", hook: .postrouting, priority: 110, kind: .nat,
                rules: [("jump nat_POSTROUTING_ZONES", jump)]),
            nft(
                "inet", "firewalld", "filter_INPUT_ZONES",
                rules: [
                    (
                        #"iifname "eth0" goto filter_IN_external"#,
                        #"[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},{"goto":{"target":"filter_IN_external"}}]"#
                    ), ("goto filter_IN_public", #"[{"goto":{"target":"filter_IN_public"}}]"#),
                ]))
        let first = network.findings(Probe.ping.walk(.delivered, through: toWan)).first
        #expect(first?.code == "no-source-nat")
        let rule = #"--add-rich-rule='rule family="ipv4" source address="172.19.0.0/24" masquerade'"#
        #expect(
            first?.remedy?.owner?.commands == [
                "firewall-cmd --zone=external \(rule)", "firewall-cmd --permanent --zone=external \(rule)",
            ])
        #expect(
            first?.remedy?.commands.last
                == "nft add rule ip nat postrouting ip saddr 172.19.0.0/24 oifname eth0 masquerade")
    }

    @Test("what ufw drops before its own rules: no command helps")
    mutating func ufwBefore() {
        network.add(
            iptables("filter", "INPUT", rules: ["-j ufw-before-input"]),
            iptables("filter", "ufw-before-input", rules: ["-p tcp -j DROP"]))
        let first = network.findings(Probe.tcp(80, to: "172.19.0.1").walk(.lost, through: toHost)).first
        #expect(first?.remedy?.owner?.commands == [])
        #expect(first?.remedy?.owner?.note?.contains("/etc/ufw/before.rules") == true)
    }

    @Test("libvirt: what becomes of a rule among its own")
    mutating func libvirt() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-j LIBVIRT_FWI"]),
            iptables("filter", "LIBVIRT_FWI", rules: ["-o eth0 -j REJECT --reject-with icmp-port-unreachable"]))
        let first = network.findings(Probe.ping.walk(.rejected, through: toBridge)).first
        #expect(first?.message.contains("(libvirt's guard of guests from outside)") == true)
        #expect(first?.remedy?.owner?.commands == [])
        #expect(first?.remedy?.owner?.note?.contains("/etc/libvirt/hooks/network") == true)
    }

    @Test("a rule that nobody's mark is on is named as before")
    mutating func nobody() {
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: ["-p tcp -j ACCEPT"]))
        let first = network.findings(Probe.ping.walk(.lost, through: toBridge)).first
        #expect(first?.message.contains("(") == false)
        #expect(first?.remedy?.owner == nil)
    }

    @Test("a bridge whose name says nothing is named by its network")
    mutating func bridge() {
        network.add(iptables("filter", "FORWARD", rules: ["-i br-8534014c115f -j DROP"]))
        network.change("host") { host in
            host.links[2].name = "br-8534014c115f"
            host.links[1].master = "br-8534014c115f"
            host.links[2].workload = Workload(.network, "shop", by: .docker)
            host.routes[0].device = "br-8534014c115f"
            host.sysctls["net.ipv4.conf.br-8534014c115f.forwarding"] = "1"
        }
        let first = network.findings(
            Probe.ping.walk(
                .lost,
                through: [
                    .sent("mynamespace"), .out("mynamespace", "veth1"), .into("host", "veth0"),
                    .into("host", "br-8534014c115f"),
                ])
        ).first
        #expect(first?.code == "rule-drop")
        #expect(first?.message.contains("br-8534014c115f (network shop)") == true, "\(first?.message ?? "")")
    }
}
