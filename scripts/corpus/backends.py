"""Loads rules into the router, a chain for each, and reads their counters."""

import json
import re

import probes
from namespaces import inside, need


class Xtables:
    """Rules of iptables or ip6tables."""

    def __init__(self, command):
        self.command, self.family = command, 6 if command == "ip6tables" else 4
        self.packets = [(kind, self.family) for kind in probes.KINDS]

    def load(self, rules):
        """The numbers of the rules that the kernel takes."""
        tables = sorted({rule["table"] for rule in rules})
        for table in tables:
            numbers = [number for number, rule in enumerate(rules) if rule["table"] == table]
            lines = [f"*{table}"] + [f":T{number} - [0:0]" for number in numbers]
            lines += [f"-A FORWARD -d {probes.target(self.family, number)} -j T{number}" for number in numbers] + [
                "COMMIT",
                "",
            ]
            need(inside("r", f"{self.command}-restore", "--noflush", text="\n".join(lines)))
        taken = []
        for number, rule in enumerate(rules):
            chain, text = f"T{number}", (
                rule["text"]
                if " -j " in f" {rule['text']}" or " -g " in f" {rule['text']}"
                else rule["text"] + " -j DROP"
            )
            done = inside("r", "sh", "-c", f"{self.command} -t {rule['table']} -A {chain} {text}")
            if done.returncode == 0:
                taken.append(number)
            need(inside("r", self.command, "-t", rule["table"], "-A", chain, "-j", "DROP"))
        return taken

    def zero(self):
        for table in ("filter", "mangle"):
            inside("r", self.command, "-t", table, "-Z")

    def counters(self):
        """Packets of each rule of each chain, in order."""
        found = {}
        for line in inside("r", f"{self.command}-save", "-c").stdout.splitlines():
            rule = re.match(r"\[(\d+):\d+\] -A (T\d+) ", line)
            if rule:
                found.setdefault(rule[2], []).append(int(rule[1]))
        return found

    def clear(self):
        for table in ("filter", "mangle"):
            inside("r", self.command, "-t", table, "-F")
            inside("r", self.command, "-t", table, "-X")


class Nftables:
    """Expressions of nft."""

    packets = [(kind, 4) for kind in probes.KINDS] + [(kind, 6) for kind in ("tcp", "icmp", "fit")]

    def load(self, rules):
        lines = ["table inet corpus { chain forward { type filter hook forward priority 0; }"]
        lines += [f"chain T{number} {{ }}" for number in range(len(rules))] + ["}"]
        for number in range(len(rules)):
            lines.append(f"add rule inet corpus forward ip daddr {probes.target(4, number)} jump T{number}")
            lines.append(f"add rule inet corpus forward ip6 daddr {probes.target(6, number)} jump T{number}")
        need(inside("r", "nft", "-f", "-", text="\n".join(lines)))
        taken = []
        for number, rule in enumerate(rules):
            done = inside("r", "nft", "-f", "-", text=f"add rule inet corpus T{number} {rule['text']} counter drop\n")
            if done.returncode == 0:
                taken.append(number)
            need(inside("r", "nft", "add", "rule", "inet", "corpus", f"T{number}", "counter", "drop"))
        return taken

    def zero(self):
        inside("r", "nft", "reset", "rules", "inet", "corpus")
        self.before = self.read()

    def read(self):
        found = {}
        for entry in json.loads(inside("r", "nft", "-j", "list", "ruleset").stdout)["nftables"]:
            rule = entry.get("rule")
            if rule and rule["chain"].startswith("T"):
                counts = [part["counter"]["packets"] for part in rule["expr"] if isinstance(part.get("counter"), dict)]
                found.setdefault(rule["chain"], []).append(counts[-1] if counts else 0)
        return found

    def counters(self):
        return {
            chain: [now - then for now, then in zip(counts, self.before[chain])]
            for chain, counts in self.read().items()
        }

    def clear(self):
        inside("r", "nft", "delete", "table", "inet", "corpus")
