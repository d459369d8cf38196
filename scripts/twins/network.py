"""Random networks of a few namespaces, as shell commands, and the packets that are sent in them. All from one seed."""

import random

FAMILIES = ("v4", "v6")
PROTOCOLS = ("icmp", "tcp", "udp")
PORTS = (53, 80, 443, 8080)
# Nothing of the housekeeping of IPv6, whose time is its own, may reach a counter.
ECHO = {"v4": "icmp type { echo-request, echo-reply }", "v6": "icmpv6 type { echo-request, echo-reply }"}


class Network:
    """`setup` builds it; `before` is sent before it is read and `after` once in it and once in its twin."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = ["set -eu"]
        self.addresses = {}  # namespace -> family -> [address]
        self.ports = []  # devices of the host that lead to a namespace
        self.bridges = []
        self.has_ipv6 = self.chance(0.4)
        self.families = FAMILIES if self.has_ipv6 else FAMILIES[:1]
        self.build()
        flows = [self.packet() for _ in range(10)]
        self.before = flows
        # Some are the same flow once more: its connection must have been kept.
        again = [dict(flow) for flow in self.random.sample(flows, 4) if flow["protocol"] != "tcp"]
        self.after = [self.packet() for _ in range(30 - len(again))] + again
        self.random.shuffle(self.after)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, *choices):
        return self.random.choice(choices)

    def run(self, line, namespace="host"):
        self.lines.append(line if namespace == "host" else f"ip netns exec {namespace} {line}")

    def setting(self, name, value, namespace="host"):
        self.run(f"sysctl -qw {name}={value}", namespace)

    @property
    def setup(self):
        return "\n".join(self.lines) + "\n"

    @property
    def asking(self):
        """Asks for a route to every address: of the path MTUs that were learned the kernel lists those that a route uses."""
        lines = []
        for name in self.addresses:
            entry = "" if name == "host" else f"ip netns exec {name} "
            for own in self.addresses.values():
                lines += [f"{entry}ip route get {address} >/dev/null 2>&1" for family in FAMILIES for address in own[family]]
        return "\n".join(lines + ["true"]) + "\n"

    # The network.

    def build(self):
        inner = [f"n{number}" for number in range(1, self.random.randint(3, 4))]
        for name in ["host"] + inner + ["wan"]:
            self.addresses[name] = {family: [] for family in FAMILIES}
            if name != "host":
                self.run(f"ip netns add {name}")
            self.run("ip link set lo up", name)
            for limit in ("net.ipv4.icmp_ratelimit", "net.ipv4.icmp_ratemask"):
                self.setting(limit, 0, name)
            # Reports of groups come at once, not when the kernel pleases: bridges learn from them.
            for version in ("igmpv2", "igmpv3"):
                self.setting(f"net.ipv4.conf.default.{version}_unsolicited_report_interval", 1, name)
            if self.has_ipv6:
                self.setting("net.ipv6.icmp.ratelimit", 0, name)
                for version in ("mldv1", "mldv2"):
                    self.setting(f"net.ipv6.conf.default.{version}_unsolicited_report_interval", 1, name)
                self.setting("net.ipv6.conf.default.accept_dad", 0, name)
                self.setting("net.ipv6.conf.default.router_solicitations", 0, name)
            else:
                self.setting("net.ipv6.conf.all.disable_ipv6", 1, name)
                self.setting("net.ipv6.conf.default.disable_ipv6", 1, name)
        self.build_bridges()
        for number, name in enumerate(inner, 1):
            self.join(name, number)
        self.build_wan()
        if len(inner) > 1 and self.chance(0.3):
            self.build_vxlan(inner[0], inner[1])
        self.calm_neighbours()
        self.set_host()
        self.set_routes()
        makers = [self.iptables("iptables-nft"), self.iptables("iptables-legacy"), self.nft, self.nft_ip, self.netdev]
        if self.bridges:
            makers.append(self.bridge_table)
        for make in self.random.sample(makers, self.random.randint(0, 3)):
            make()
        if self.chance(0.3):
            self.nft(namespace=self.random.choice(inner))
        # Ports forward once the kernel has seen to their carrier.
        self.lines.append("sleep 0.1; for _ in 1 2 3 4 5 6 7 8 9; do bridge link | grep -q 'state disabled' || break; sleep 0.2; done")

    def calm_neighbours(self):
        """What is asked for in vain fails within the wait after a packet, and what was found stays: neither depends on
        how long the packets took. A namespace has no such default: the devices must be there."""
        values = (("retrans_time_ms", 10), ("base_reachable_time_ms", 3600000), ("gc_stale_time", 3600),
                  ("delay_first_probe_time", 3600))
        writes = " ".join(f"echo {value} >$device/{setting};" for setting, value in values)
        for name in self.addresses:
            folders = " ".join(f"/proc/sys/net/ip{version}/neigh/*" for version in self.families)
            self.run(f"sh -c 'for device in {folders}; do {writes} done'", name)

    def build_bridges(self):
        for number in range(self.random.randint(0, 2)):
            bridge = f"br{number}"
            self.run(f"ip link add {bridge} address 02:00:00:00:b0:{number:02x} type bridge")
            self.run(f"ip link set {bridge} up")
            self.give("host", bridge, 100 + number, 1)
            self.bridges.append(bridge)

    def give(self, namespace, device, network, host):
        """An address of each family."""
        self.run(f"ip addr add 10.{network}.0.{host}/24 dev {device}", namespace)
        self.addresses[namespace]["v4"].append(f"10.{network}.0.{host}")
        if self.has_ipv6 and device != "vx0":
            self.run(f"ip addr add fd00:{network}::{host}/64 dev {device} nodad", namespace)
            self.addresses[namespace]["v6"].append(f"fd00:{network}::{host}")

    def join(self, name, number):
        device = f"v{number}"
        self.run(f"ip link add {device} address 02:00:00:00:{number:02x}:01 type veth"
                 f" peer name eth0 address 02:00:00:00:{number:02x}:02 netns {name}")
        self.run(f"ip link set {device} up")
        self.run("ip link set eth0 up", name)
        self.ports.append(device)
        bridge = self.random.choice(self.bridges) if self.bridges and self.chance(0.75) else None
        network = 100 + self.bridges.index(bridge) if bridge else 10 + number
        self.give(name, "eth0", network, 10 + number)
        if bridge:
            self.run(f"ip link set {device} master {bridge}")
            for option in self.random.sample(("hairpin", "isolated", "learning", "flood", "guard"), 2):
                if self.chance(0.35):
                    self.run(f"bridge link set dev {device} {option} {self.pick('on', 'off')}")
        else:
            self.give("host", device, network, 1)
        if self.chance(0.15):
            self.run("ip link set eth0 mtu 1400", name)
        for family in self.families:
            gateway = f"10.{network}.0.1" if family == "v4" else f"fd00:{network}::1"
            if self.chance(0.9):
                self.run(f"ip -{family[1]} route add default via {gateway}", name)

    def build_wan(self):
        self.run("ip link add eth0 address 02:00:00:00:ff:01 type veth peer name wan0 address 02:00:00:00:ff:02 netns wan")
        self.run("ip link set eth0 up")
        self.run("ip link set wan0 up", "wan")
        self.give("host", "eth0", 200, 2)
        self.give("wan", "wan0", 200, 1)
        self.run("ip addr add 198.51.100.1/32 dev lo", "wan")
        self.addresses["wan"]["v4"].append("198.51.100.1")
        self.run("ip route add default via 10.200.0.1")
        if self.chance(0.6):
            self.run("ip route add 10.0.0.0/8 via 10.200.0.2", "wan")
        if self.has_ipv6:
            self.run("ip addr add 2001:db8::1/128 dev lo nodad", "wan")
            self.addresses["wan"]["v6"].append("2001:db8::1")
            self.run("ip -6 route add default via fd00:200::1")
            self.run("ip -6 route add fd00::/16 via fd00:200::2", "wan")

    def build_vxlan(self, one, other):
        ends = [(one, self.addresses[one]["v4"][0]), (other, self.addresses[other]["v4"][0])]
        port = self.pick("dstport 4789", "dstport 8472")
        for number, (name, local) in enumerate(ends):
            remote = ends[1 - number][1]
            self.run(f"ip link add vx0 address 02:00:00:00:ee:0{number} type vxlan id 42 local {local} remote {remote} {port}", name)
            if self.has_ipv6:
                self.setting("net.ipv6.conf.vx0.disable_ipv6", 1, name)
            self.run("ip link set vx0 up", name)
        for number, (name, _) in enumerate(ends):
            self.give(name, "vx0", 50, number + 1)

    def set_host(self):
        self.setting("net.ipv4.ip_forward", int(self.chance(0.9)))
        if self.has_ipv6:
            self.setting("net.ipv6.conf.all.forwarding", int(self.chance(0.9)))
        on = int(self.chance(0.5))
        for name in ("iptables", "ip6tables"):
            self.setting(f"net.bridge.bridge-nf-call-{name}", on)
        for device in ["all", "eth0"] + self.ports + self.bridges:
            for name, values in (("rp_filter", (0, 0, 1, 2)), ("accept_local", (0, 1)), ("route_localnet", (0, 1)),
                                 ("arp_ignore", (0, 1, 2)), ("proxy_arp", (0, 0, 1)), ("forwarding", (1, 1, 1, 0))):
                if device != "all" and self.chance(0.15):
                    self.setting(f"net.ipv4.conf.{device}.{name}", self.random.choice(values))

    def set_routes(self):
        if self.chance(0.4):
            self.run(f"ip route add {self.pick('unreachable', 'blackhole', 'prohibit', 'throw')} 198.51.100.64/26")
        rules = []
        if self.chance(0.4):
            self.run(self.pick("ip route add default via 10.200.0.1 table 100", "ip route add blackhole default table 100"))
            for _ in range(self.random.randint(1, 3)):
                selector = self.pick(f"from 10.{100 + len(self.bridges)}.0.0/16", "fwmark 7", "to 198.51.100.0/24",
                                     f"iif {self.random.choice(self.ports)}", "ipproto udp dport 53", "not from 10.0.0.0/8")
                action = self.pick("lookup 100", "lookup 100", "prohibit", "unreachable", "lookup main suppress_prefixlength 0")
                rules.append(f"ip rule add {selector} {action} pref {self.random.randint(100, 900)}")
        if self.chance(0.2):
            self.run("ip route add 192.0.2.0/24 nexthop via 10.200.0.1 weight 1 nexthop via 10.200.0.1 weight 2 onlink dev eth0")
        # Last: the kernel looks up the gateway of a route by these.
        for rule in rules:
            self.run(rule)

    # The firewalls.

    def devices(self):
        return ["eth0"] + self.ports + self.bridges

    def address(self, family):
        return self.random.choice([one for own in self.addresses.values() for one in own[family]])

    def nft_condition(self, family):
        words = [self.pick(ECHO[family], "meta l4proto tcp", "meta l4proto udp", f"tcp dport {self.pick(*PORTS)}",
                           f"udp dport {self.pick(*PORTS)}", "tcp dport { 80, 443 }")]
        name = "ip" if family == "v4" else "ip6"
        if self.chance(0.5):
            words.append(f"{name} {self.pick('saddr', 'daddr')} {self.pick('', '!= ')}{self.address(family)}")
        if self.chance(0.2):
            words.append("meta mark 7")
        if self.chance(0.15):
            words.append(f"ct state {self.pick('new', 'established,related', 'invalid')}")
        return " ".join(words)

    def nft_rules(self, count, family=None, jumps=(), hook=None):
        for _ in range(count):
            chosen = family or self.random.choice(self.families)
            condition = self.nft_condition(chosen)
            if hook in ("forward", "input", "prerouting") and self.chance(0.25):
                condition = f'iifname "{self.random.choice(self.devices())}" {condition}'
            if hook in ("forward", "output", "postrouting") and self.chance(0.25):
                condition = f'oifname "{self.random.choice(self.devices())}" {condition}'
            verdicts = ["accept", "accept", "drop", "", "meta mark set 7", "return"] + [
                f"{word} {chain}" for chain in jumps for word in ("jump", "goto")]
            if hook in ("forward", "input", "output"):
                verdicts.append("reject")
            yield f"{condition} counter {self.random.choice(verdicts)}"

    def nft(self, namespace="host", family="inet"):
        own = {"inet": None, "ip": "v4"}[family]
        if family == "inet" and not self.has_ipv6:
            own = "v4"
        name = f"t{self.random.randint(0, 99)}"
        text = [f"table {family} {name} {{"]
        if self.chance(0.5):
            text.append(f" set good {{ type ipv4_addr; flags interval; elements = {{ 172.16.0.0/12, {self.address('v4')} }} }}"
                        if self.chance(0.3) else f" set good {{ type ipv4_addr; elements = {{ {self.address('v4')} }} }}")
            seen = "ip saddr @good meta l4proto udp counter accept"
        else:
            seen = None
        text.append(" chain extra {")
        text += [f"  {rule}" for rule in self.nft_rules(2, own)] + [" }"]
        for hook in self.random.sample(("prerouting", "input", "forward", "output", "postrouting"), self.random.randint(1, 3)):
            priority = self.pick(0, 0, 0, -150, 10)
            text.append(f" chain {hook} {{\n  type filter hook {hook} priority {priority}; policy {self.pick('accept', 'accept', 'drop')};")
            if seen and self.chance(0.5):
                text.append(f"  {seen}")
            if hook in ("input", "output", "forward") and self.has_ipv6:
                text.append("  icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept")
            text += [f"  {rule}" for rule in self.nft_rules(self.random.randint(1, 4), own, ("extra",), hook)] + [" }"]
        if self.chance(0.5) and namespace == "host":
            target = self.random.choice([one["v4"][0] for name, one in self.addresses.items() if name.startswith("n")])
            text.append(f" chain nat_pre {{ type nat hook prerouting priority {self.pick(-100, -99)};\n  tcp dport 8080 counter dnat {'' if family == 'ip' else 'ip '}to {target}:80\n }}")
            text.append(f" chain nat_post {{ type nat hook postrouting priority 100;\n  oifname \"eth0\" ip saddr 10.0.0.0/8 meta l4proto {{ tcp, udp, icmp }} counter masquerade\n }}")
        text.append("}")
        entry = "" if namespace == "host" else f"ip netns exec {namespace} "
        self.lines.append(f"{entry}nft -f - <<'EOF'\n" + "\n".join(text) + "\nEOF")

    def nft_ip(self):
        self.nft(family="ip")

    def netdev(self):
        rules = "\n".join(f"  {rule}" for rule in self.nft_rules(2) if "ct " not in rule)
        device = self.random.choice(self.devices())
        self.lines.append(
            f"nft -f - <<'EOF'\ntable netdev d {{\n chain c {{\n  type filter hook ingress device {device} priority 0;\n"
            f"{rules.replace('return', 'accept')}\n }}\n}}\nEOF")

    def bridge_table(self):
        hook = self.pick("forward", "input", "output", "prerouting")
        rules = "\n".join(f"  {rule}" for rule in self.nft_rules(2, "v4") if "ct " not in rule)
        self.lines.append(
            f"nft -f - <<'EOF'\ntable bridge b {{\n chain c {{\n  type filter hook {hook} priority {self.pick(-200, 0)};\n{rules}\n }}\n}}\nEOF")

    def iptables(self, program):
        def make():
            table = ["*mangle"]
            for _ in range(self.random.randint(0, 2)):
                table.append(f"-A {self.pick('PREROUTING', 'FORWARD')} {self.iptables_condition()} -j MARK --set-mark 7")
            table += ["COMMIT", "*filter", ":EXTRA - [0:0]", f":FORWARD {self.pick('ACCEPT', 'ACCEPT', 'DROP')} [0:0]"]
            for _ in range(self.random.randint(2, 6)):
                chain = self.pick("FORWARD", "FORWARD", "INPUT", "OUTPUT", "EXTRA")
                targets = ["-j ACCEPT", "-j ACCEPT", "-j DROP", "", "-j REJECT"] + (
                    ["-j EXTRA", "-g EXTRA"] if chain != "EXTRA" else ["-j RETURN"])
                table.append(f"-A {chain} {self.iptables_condition()} {self.random.choice(targets)}")
            if self.chance(0.6):
                target = self.random.choice([one["v4"][0] for name, one in self.addresses.items() if name.startswith("n")])
                table += ["COMMIT", "*nat", f"-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination {target}:80",
                          "-A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE"]
            table.append("COMMIT")
            self.lines.append(f"{program}-restore --noflush <<'EOF'\n" + "\n".join(table) + "\nEOF")
        return make

    def iptables_condition(self):
        words = []
        if self.chance(0.4):
            words.append(f"{self.pick('-s', '-d', '! -s', '! -d')} {self.address('v4')}")
        # -p with a port, or none: each packet here is of one of the three protocols.
        protocol = self.pick(*PROTOCOLS)
        words.append(f"-p {protocol}")
        if protocol != "icmp" and self.chance(0.5):
            words.append(self.pick(f"--dport {self.pick(*PORTS)}", "-m multiport --dports 80,443", f"--sport {1000}:{65535}"))
        if self.chance(0.15):
            words.append(f"-m conntrack --ctstate {self.pick('NEW', 'ESTABLISHED,RELATED', 'INVALID')}")
        if self.chance(0.1):
            words.append("-m mark --mark 7")
        return " ".join(words)

    # The packets.

    def packet(self):
        family = self.random.choice(self.families)
        names = [name for name, own in self.addresses.items() if own[family]]
        source = self.random.choice(names)
        target = self.random.choice(names + ["wan"])
        unknown = {"v4": ("198.51.100.77", "192.0.2.9", "172.31.0.1"), "v6": ("2001:db8:9::1", "fd00:77::1")}[family]
        destination = self.random.choice(unknown) if self.chance(0.12) else self.random.choice(self.addresses[target][family])
        own = self.random.choice(self.addresses[source][family])
        return {
            "namespace": source,
            "family": family,
            "source": self.address(family) if self.chance(0.06) else own,
            "destination": destination,
            "protocol": self.pick(*PROTOCOLS),
            "sport": self.random.randint(20000, 60000),
            "dport": self.pick(*PORTS),
            "ttl": self.pick(64, 64, 64, 64, 1, 2, 3),
            "flags": self.pick("S", "S", "S", "A", "R"),
            "size": self.pick(20, 20, 20, 600, 1390, 1460),
            "df": self.chance(0.5),
            # In two fragments, as a sender of another network may give them.
            "split": family == "v4" and self.chance(0.1),
        }
