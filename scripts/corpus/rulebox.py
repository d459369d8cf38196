"""Runs in namespaces of its own (rules.py makes them): loads rules, sends packets at them, asks kernel and tool.

rulebox.py PROGRAM RULES.json RESULT.json. Between a client `c` and a server `s` stands the router `r`. Each rule has a
chain of its own, to which one destination address leads: the rule with DROP first, then DROP. The rules' counters are
the kernel's word on which of the two a packet was dropped by; the tool sees the links alone.
"""

import collections
import json
import sys

import probes
from backends import Nftables, Xtables
from namespaces import inside, lay, need, run


def listed(namespace):
    """How many rules nf_tables has there, and the texts of those that are iptables' own."""
    listing = json.loads(inside(namespace, "nft", "-j", "list", "ruleset").stdout or '{"nftables": []}')
    texts = [
        line
        for command in ("iptables-save", "ip6tables-save")
        for line in inside(namespace, command).stdout.splitlines()
        if line.startswith("-A ")
    ]
    return max(len(texts), sum("rule" in entry for entry in listing["nftables"])), texts


def mapped(program, namespace):
    """Rules that the map lacks in a namespace, and those of iptables that it has in other words."""
    count, texts = listed(namespace)
    done = run(program, "map", "--format", "json")
    if done.returncode != 0:
        return {"status": done.returncode, "count": count, "missing": count, "otherwise": []}
    space = next(one for one in json.loads(done.stdout)["namespaces"] if one.get("name") == namespace)
    rules = [rule["text"] for chain in space["netfilter"]["chains"] for rule in chain["rules"]]
    otherwise = collections.Counter(texts) - collections.Counter(rules)
    return {"status": 0, "count": count, "missing": max(0, count - len(rules)), "otherwise": list(otherwise.elements())}


def map_whole(program, rule_sets):
    """Loads each rule set in a namespace of its own, and maps it."""
    results = {}
    for name, given in rule_sets.items():
        need(run("ip", "netns", "add", "m"))
        if given["command"] == "nft":
            inside("m", "nft", "-f", "-", text=given["text"])
        elif "text" in given:
            inside("m", given["command"], text=given["text"])
        else:
            for table, lines in given["tables"].items():
                restore(given["command"], table, lines)
        results[name] = mapped(program, "m")
        need(run("ip", "netns", "del", "m"))
    return results


def restore(command, table, lines):
    """All rules at once; where the kernel does not take one of them, halves."""
    text = "\n".join([f"*{table}", *lines, "COMMIT", ""])
    if inside("m", f"{command}-restore", "--noflush", text=text).returncode != 0 and len(lines) > 1:
        half = len(lines) // 2
        restore(command, table, lines[:half])
        restore(command, table, lines[half:])


SEND = """
import json, socket, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("r0", 0))
for frame in json.load(open(sys.argv[1])):
    out.send(bytes.fromhex(frame))
    time.sleep(0.004)
"""


def trace(program, frames, scratch):
    """The walks of the packets as the tool tells them from the links alone: by destination."""
    with open(f"{scratch}.frames", "w") as file:
        json.dump([frame.hex() for frame in frames], file)
    done = run(
        program,
        "trace",
        "--in",
        "c",
        "--in",
        "r",
        "--hooks",
        "none",
        "--rules",
        "none",
        "--drops",
        "counters",
        "--format",
        "json",
        "--",
        "ip",
        "netns",
        "exec",
        "c",
        "python3",
        "-c",
        SEND,
        f"{scratch}.frames",
    )
    walks = {}
    for line in done.stdout.splitlines():
        walk = json.loads(line)
        if walk["source"] in probes.SOURCES.values():
            walks.setdefault(walk["destination"], walk)
    return walks, done


def first_finding(walk):
    finding = (walk.get("findings") or [None])[0]
    if finding is None:
        return None
    rule = finding.get("rule") or {}
    return {
        "code": finding["code"],
        "certain": finding["severity"] == "error",
        "chain": rule.get("chain"),
        "position": rule.get("position"),
        "message": finding["message"],
    }


def ask(program, backend, rules, scratch):
    taken = backend.load(rules)
    result = {"taken": len(taken), "offered": len(rules), "map": mapped(program, "r"), "answers": [], "crash": []}
    for kind, family in backend.packets:
        frames = [probes.packet(kind, family, number, rules[number]["text"]) for number in taken]
        backend.zero()
        walks, done = trace(program, frames, scratch)
        if done.returncode < 0 or "Fatal error" in done.stderr:
            result["crash"].append(done.stderr[-500:])
        counters = backend.counters()
        for number in taken:
            counts = counters.get(f"T{number}", [])
            walk = walks.get(probes.target(family, number))
            result["answers"].append(
                {
                    "rule": number,
                    "kind": f"{kind}{family}",
                    "counts": counts,
                    "outcome": walk["outcome"] if walk else None,
                    "finding": first_finding(walk) if walk else None,
                }
            )
    backend.clear()
    return result


def main():
    program, given, target = sys.argv[1:]
    with open(given) as file:
        work = json.load(file)
    results = {"whole": map_whole(program, work["whole"]), "sets": {}}
    lay()
    for backend, rules in work["sets"].items():
        works = Nftables() if backend == "nft" else Xtables(backend)
        results["sets"][backend] = ask(program, works, rules, target)
    with open(target, "w") as file:
        json.dump(results, file)


main()
