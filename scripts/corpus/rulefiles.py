"""Rules to measure with: those that iptables' and nftables' own tests are made of, and generated ones."""

import re


class Rule:
    """One rule without the appended verdict. `backend`: iptables, ip6tables or nft."""

    def __init__(self, backend, table, text, origin):
        self.backend, self.table, self.text, self.origin = backend, table, text, origin

    @property
    def words(self):
        return self.text if self.backend == "nft" else f"-t {self.table} {self.text}"


def iptables_tests(folder):
    """The rules of extensions/*.t that the program takes: with every chain and table that the file gives."""
    for path in sorted(folder.glob("lib*.t")):
        kind = re.match(r"lib(ipt|ip6t|xt)_", path.name)
        if not kind:
            continue
        backend = "ip6tables" if kind[1] == "ip6t" else "iptables"
        chains, table = [], "filter"
        for line in path.read_text().splitlines():
            if line.startswith(":"):
                chains = line[1:].strip().split(",")
            elif line.startswith("*"):
                table = line[1:].strip()
            elif line and line[0] not in "#@%":
                cells = line.split(";")
                if len(cells) >= 3 and cells[2].strip() == "OK":
                    yield Rule(backend, table, cells[0].strip(), path.name), chains


def nftables_tests(folder):
    """The rules of tests/py/**/*.t; sets and maps that they name are not made, so rules that use them do not load."""
    for path in sorted(folder.glob("py*.t")):
        if re.search(r"arp|bridge|netdev|nat|egress", path.name):
            continue
        for line in path.read_text().splitlines():
            cells = line.split(";")
            if line[:1] in "#:*!?%-" or len(cells) < 2 or cells[1].strip() != "ok":
                continue
            text = re.sub(r"\s(accept|drop|queue|reject|return|continue)\b.*$", "", cells[0].strip())
            yield Rule("nft", "corpus", text, path.name)


# A selector of nft's and two values of it, the first of which the packets often have.
SELECTORS = [
    ("tcp dport", "80", "443"),
    ("tcp sport", "40000", "40001"),
    ("udp dport", "80", "53"),
    ("th dport", "80", "443"),
    ("ip ttl", "63", "64"),
    ("ip length", "40", "100"),
    ("ip protocol", "tcp", "udp"),
    ("ip dscp", "0", "af11"),
    ("ip saddr", "192.0.2.1", "192.0.2.9"),
    ("ip id", "7", "8"),
    ("ip version", "4", "6"),
    ("ip hdrlength", "5", "6"),
    ("ip6 hoplimit", "63", "64"),
    ("ip6 nexthdr", "tcp", "udp"),
    ("ip6 saddr", "2001:db8:1::1", "2001:db8:1::9"),
    ("ip6 flowlabel", "0", "5"),
    ("ip6 length", "28", "36"),
    ("meta l4proto", "tcp", "udp"),
    ("meta length", "48", "60"),
    ("meta nfproto", "ipv4", "ipv6"),
    ("meta protocol", "ip", "ip6"),
    ("meta mark", "0", "7"),
    ("meta priority", "0", "1:2"),
    ("meta pkttype", "host", "broadcast"),
    ("iifname", "c0", "s0"),
    ("oifname", "s0", "c0"),
    ("iif", "c0", "s0"),
    ("meta iiftype", "ether", "ppp"),
    ("meta cgroup", "0", "5"),
    ("ct state", "new", "established"),
    ("ct mark", "0", "7"),
    ("ct direction", "original", "reply"),
    ("ct status", "expected", "assured"),
    ("ct l3proto", "ipv4", "ipv6"),
    ("tcp flags", "syn", "ack"),
    ("tcp window", "65000", "1"),
    ("tcp doff", "5", "6"),
    ("udp length", "16", "99"),
    ("icmp type", "echo-request", "echo-reply"),
    ("icmp code", "0", "1"),
    ("icmp id", "9", "10"),
    ("icmpv6 type", "echo-request", "echo-reply"),
    ("ether saddr", "02:00:00:00:00:01", "02:00:00:00:00:09"),
    ("ether type", "ip", "ip6"),
    ("fib daddr type", "unicast", "local"),
    ("fib saddr type", "unicast", "local"),
    ("@th,16,16", "80", "443"),
    ("@nh,0,4", "4", "6"),
    ("rt classid", "0", "1"),
    ("socket wildcard", "0", "1"),
]
STATEMENTS = [
    "limit rate 1000/second",
    "limit rate over 1000/second",
    "ct count over 10",
    "ct count 10",
    "numgen inc mod 2 0",
    "meta mark set 7 meta mark 7",
    "meta mark set 7 meta mark != 7",
    "ip ttl set 9 ip ttl 9",
    "tcp dport set 81 tcp dport 80",
    "ct mark set 5 ct mark 5",
    "tcp flags & (syn | ack) == syn",
    "tcp flags & (fin | syn | rst | ack) == 0",
    "tcp flags syn / syn,ack",
    "ip frag-off & 0x1fff != 0",
    "ip frag-off & 0x4000 == 0",
    "exthdr frag exists",
    "tcp option maxseg exists",
    "tcp option maxseg missing",
    "ip daddr . tcp dport { 198.18.0.1 . 80, 198.18.0.2 . 443 }",
    "ip saddr . meta l4proto { 192.0.2.1 . tcp }",
    "iifname . oifname { c0 . s0 }",
    "ct state vmap { new : continue }",
    "tcp dport vmap { 80 : continue, 443 : accept }",
    "meta l4proto { tcp, udp } th dport 80",
    "ip saddr & 0.0.0.1 == 0.0.0.1",
    "meta mark & 1 == 0",
    "meta mark | 1 == 1",
    "fib saddr . iif oif c0",
    "fib daddr oif s0",
    "jhash ip saddr mod 1 0",
    "ip saddr 192.0.2.0/24",
    "ip saddr != 192.0.2.0/24",
    "ip6 saddr 2001:db8::/32",
    'log prefix "a"',
    "quota over 1 mbytes",
    "quota 1 mbytes",
    "meta time > 1000",
    'meta hour >= "00:00"',
    "meta skuid 0",
    'iifname "c*"',
    "tcp dport != { 80, 443 }",
    "@ih,0,8 97",
    "ct original ip saddr 192.0.2.1",
    "ct original proto-dst 80",
    "meta secpath missing",
]


def generated_nft():
    for selector, often, other in SELECTORS:
        texts = [
            f"{selector} {often}",
            f"{selector} {other}",
            f"{selector} != {often}",
            f"{selector} {{ {often}, {other} }}",
        ]
        if often.isdigit() and other.isdigit():
            low, high = sorted((int(often), int(other)))
            texts += [f"{selector} >= {high}", f"{selector} < {high}", f"{selector} {low}-{high}"]
        for text in texts:
            yield Rule("nft", "corpus", text, "generated")
    for text in STATEMENTS:
        yield Rule("nft", "corpus", text, "generated")


IPTABLES_MATCHES = [
    "-p tcp",
    "! -p tcp",
    "-p udp --dport 80",
    "-p tcp ! --dport 80",
    "-p tcp --syn",
    "-p tcp ! --syn",
    "-s 192.0.2.0/24",
    "! -s 192.0.2.0/24",
    "-i c0",
    "! -i c0",
    "-o s0",
    "-i c+",
    "-f",
    "! -f",
    "-m mark --mark 0",
    "-m mark ! --mark 0",
    "-m conntrack --ctstate NEW",
    "-m conntrack ! --ctstate NEW",
    "-m conntrack --ctstate INVALID",
    "-m ttl --ttl-eq 63",
    "-m ttl --ttl-lt 64",
    "-m ttl --ttl-gt 63",
    "-m limit --limit 100/second",
    "-m hashlimit --hashlimit-above 100/second " "--hashlimit-mode srcip --hashlimit-name a",
    "-m connlimit --connlimit-above 5",
    "-m connlimit --connlimit-upto 5",
    "-m length --length 40",
    "-m length ! --length 40",
    "-m mac --mac-source 02:00:00:00:00:01",
    "-m pkttype --pkt-type unicast",
    "-m statistic --mode nth --every 2",
    "-m addrtype --dst-type UNICAST",
    "-m addrtype --src-type LOCAL",
    "-m iprange --src-range 192.0.2.1-192.0.2.5",
    "-m multiport -p tcp --dports 80,443",
    "-m tos --tos 0",
    "-m dscp --dscp 0",
    "-m comment --comment x",
    "-m recent --name a --set",
    "-m recent --name b --rcheck",
    "-m time --timestart 00:00",
    "-m u32 --u32 6&0xff=6",
    '-m bpf --bytecode "1,6 0 0 65535"',
    "-m rpfilter",
    "-m socket",
    "-m helper --helper ftp",
    "-m physdev --physdev-is-bridged",
    "-m string --algo bm --string abc",
    "-m connmark --mark 0",
    "-m policy --dir in --pol none",
]


def generated_iptables():
    for text in IPTABLES_MATCHES:
        yield Rule("iptables", "filter", text, "generated")
