#!/usr/bin/env python3
"""Measures how often a cause is found by experiment alone, over the labs whose packet fails.

    scripts/measure-causes.py [--twin lab|auto] [--with-findings] [--jobs N] [--only NAME ...] [-o FILE]

Judged by hand-written truth: the code and the place in lab.json against those of the change that was found. A line a lab:
right, equivalent (another change that does the same, by the table below), none, wrong, differs (the rebuilt network does
not fail as the lab does), answered (the packet arrives), unbuilt (this kernel lacks what the lab needs: not judged).
"""
import argparse, collections, concurrent.futures, json, os, pathlib, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LABS = ROOT / "fixtures/labs"

# What else mends a fault of a kind, and why: expected code -> {found code: reason}.
RULES = "the rule or the policy that ends the packet is what the catalogue names by how it got there"
EQUIVALENT = {
    "accept-not-final": {"rule-drop": RULES, "policy-drop": RULES, "rule-reject": RULES},
    "dnat-not-forwarded": {"rule-drop": RULES, "policy-drop": RULES, "rule-reject": RULES},
    "network-isolation": {"no-route": "an internal network gives its members no default route, besides its rules",
                          "rule-drop": RULES, "policy-drop": RULES, "rule-reject": RULES},
    "conntrack-invalid": {"rule-drop": RULES, "policy-drop": RULES, "rule-reject": RULES},
    "burst-exceeded": {"queue-full": "the discipline that drops", "tc-drop": "likewise"},
    "bridge-netfilter": {"rule-drop": "the rule that bridged packets meet", "policy-drop": "likewise",
                         "rule-reject": "likewise"},
    "policy-drop": {"bridge-netfilter": "bridged packets no longer meet the chain",
                    "rule-drop": "the jump into the chain whose end drops"},
    "rule-drop": {"stale-neighbor": "asked for anew, the neighbour hears of the asker", "bridge-netfilter": "bridged packets no longer meet the rule",
                  "policy-drop": "the chain has no other accept", "rule-reject": RULES},
    "rule-reject": {"rule-drop": RULES, "bridge-netfilter": "bridged packets no longer meet the rule"},
    "connection-untracked": {"rule-drop": RULES, "policy-drop": RULES},
    "conntrack-zones": {"rule-drop": RULES, "policy-drop": RULES},
    "no-source-nat": {"no-return-path": "a route for the answer does what masquerading would",
                      "reply-routed-elsewhere": "likewise"},
    "no-return-path": {"no-source-nat": "masquerading does what a route for the answer would",
                       "wrong-netmask": "the answer's network"},
    "source-nat-unheld": {"no-return-path": "a route for the answer", "source-nat-mismatch": "the rule taken away",
                          "no-source-nat": "masquerading instead"},
    "source-nat-mismatch": {"no-source-nat": "masquerading before the rule", "no-return-path": "a route for the answer"},
    "address-on-other-device": {"wrong-route": "a route to the address by who holds it", "arp-ignored": "the answer"},
    "redirected": {"tc-drop": "the filter taken away"},
    "tc-drop": {"link-down": "the device that the filter hands packets to"},
    "duplicate-mac": {"fdb-misdirected": "the entry that pins the address to the other port"},
    "hairpin-missing": {"bridge-netfilter": "bridged replies are translated back as routed ones are",
                        "no-source-nat": "the same masquerading", "no-return-path": "a route for the answer",
                        "reply-routed-elsewhere": "likewise"},
    "blackhole-route": {"no-route": "a route that is more specific", "wrong-route": "likewise",
                        "routed-elsewhere": "the rule that leads there", "no-return-path": "likewise"},
    "wrong-gateway": {"forwarding-disabled": "the host that has the gateway's address forwards then",
                      "gateway-unreachable": "the same route", "wrong-route": "the same route",
                      "no-route": "a route that is more specific"},
    "gateway-unreachable": {"wrong-gateway": "the same route", "wrong-route": "the same route",
                            "no-route": "a route that is more specific"},
    "wrong-route": {"wrong-netmask": "the network that covers the address made smaller", "no-route": "the same route", "wrong-gateway": "the same route", "routed-elsewhere": "its rule"},
    "routed-elsewhere": {"wrong-route": "the route that the rule leads to", "no-route": "a route in its table",
                         "reverse-path-filter": "the check that the way fails"},
    "reply-routed-elsewhere": {"no-return-path": "the same route", "wrong-route": "the same route",
                               "routed-elsewhere": "the rule that leads there",
                               "reverse-path-filter": "the check that the way fails", "no-source-nat": "the answer's way"},
    "reverse-path-filter": {"no-return-path": "a route for the source", "reply-routed-elsewhere": "likewise",
                            "routed-elsewhere": "the rule", "no-source-nat": "another source"},
    "wrong-netmask": {"no-route": "a route for the one destination", "wrong-route": "likewise",
                      "no-return-path": "likewise", "reply-routed-elsewhere": "likewise", "proxy-missing": "the router asks"},
    "no-route": {"wrong-netmask": "the network that has it", "proxy-missing": "a router answers"},
    "neighbor-unresolved": {"wrong-route": "a route by a router", "no-route": "likewise",
                            "proxy-missing": "a router answers"},
    "proxy-missing": {"no-source-nat": "an address that needs no proxy", "wrong-route": "a route by the router", "no-route": "likewise", "wrong-netmask": "likewise",
                      "no-return-path": "likewise", "reply-routed-elsewhere": "likewise"},
    "proxy-without-route": {"gateway-unreachable": "the destination asked for instead", "no-route": "the route", "wrong-route": "the route", "proxy-missing": "no proxy",
                            "no-return-path": "the route"},
    "stale-neighbor": {"wrong-route": "past the entry"},
    "stale-forward": {"conntrack-stale": "the entry"},
    "source-ports-exhausted": {"source-nat-mismatch": "the rule whose ports are used up",
                               "conntrack-stale": "the connection that has the port"},
    "conntrack-stale": {"stale-forward": "the entry"},
    "listener-elsewhere": {"no-listener": "a program at every address"},
    "no-listener": {"listener-elsewhere": "a program at every address",
                    "port-not-published": "another program's port published there"},
    "proxy-not-listening": {"policy-drop": "the packet goes on without the proxy, and past the chain",
                            "rule-drop": "likewise", "bridge-netfilter": "bridged packets no longer meet the rule that hands them over",
                            "proxy-not-routed": "the rule that hands the packet over", "no-listener": "the program", "listener-elsewhere": "the program"},
    "proxy-not-routed": {"routed-elsewhere": "the mark", "no-route": "the route"},
    "service-without-endpoints": {"rule-reject": RULES, "rule-drop": RULES, "port-not-published": "the translation"},
    "port-not-published": {"no-listener": "a program at the port", "listener-elsewhere": "likewise",
                           "rule-drop": "the rule before the translation"},
    "address-on-bridge-port": {"port-without-bridge": "the same port"},
    "link-down": {"loopback-down": "the same"},
    "macvlan-isolated": {"bridge-port-blocked": "hairpin at the port of the parent"},
    "queue-full": {"tc-drop": "the discipline"}, "queue-delay": {"queue-full": "the discipline"},
    "bridge-port-blocked": {"fdb-misdirected": "the entry", "bridge-netfilter": "another way"},
    "arp-ignored": {"arp-sender-refused": "the question's sender", "wrong-route": "the way", "proxy-missing": "proxy"},
    "arp-sender-refused": {"arp-ignored": "the answer", "no-source-nat": "another sender's address"},
    "arp-off": {"link-down": "the device"},
    "ttl-expired": {"rule-drop": "the rule that lowers it"},
    "multicast-snooping": {"bridge-port-blocked": "the port's flag"},
}


def lab(directory):
    data = json.loads((directory / "lab.json").read_text())
    needs, base = list(data.get("needs") or []), data
    while base.get("base"):
        base = json.loads((LABS / base["base"] / "lab.json").read_text())
        needs += base.get("needs") or []
    probe = data.get("probe")
    base = data
    while probe is None:
        base = json.loads((LABS / base["base"] / "lab.json").read_text())
        probe = base.get("probe")
    return data, needs, probe


def run(name, arguments):
    data, needs, probe = lab(LABS / name)
    expected = data["expected"]
    command = [os.environ.get("PACKETWALK", str(ROOT / ".build/debug/packetwalk")), "lab", "run", name, "--format", "json", "--twin", arguments.twin]
    if not arguments.with_findings:
        command.append("--cause-by-experiment-alone")
    began = time.time()
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=150)
    except subprocess.TimeoutExpired:
        return name, expected, "none", "over 150 s", 150.0, None
    seconds = time.time() - began
    said = " ".join(ended.stderr.split("\n"))
    findings = []
    for line in ended.stdout.splitlines():
        try:
            walk = json.loads(line)
        except ValueError:
            continue
        if walk.get("schema", "").startswith("packetwalk.walk/") and walk.get("findings"):
            findings = walk["findings"]
            break
    if ": cannot run the lab" in said or "needs a kernel" in said:
        return name, expected, "unbuilt", said, seconds, None
    if "does not fail as the host does" in said or "the packet alone is answered in the rebuilt network" in said:
        return name, expected, "differs", said, seconds, None
    if arguments.with_findings and findings:
        # What is printed first counts, whoever found it.
        tried = findings[:1]
    else:
        tried = [f for f in findings if any(str(e).startswith("tried:") for e in f["evidence"])]
    if not tried:
        return name, expected, "none", said[-300:], seconds, None
    found = tried[0]
    place, wanted = found["where"], expected.get("place") or {}
    same = found["code"] == expected["code"]
    for key in ("namespace", "hook", "device"):
        if wanted.get(key) and place.get(key) and place[key] != wanted[key]:
            same = False
    if wanted.get("rule") and found.get("rule") and wanted["rule"] not in (found["rule"].get("text") or ""):
        same = False
    proved = (found.get("remedy") or {}).get("verified")
    text = ("" if not arguments.with_findings else {True: "[verified] ", False: "[fix failed] "}.get(proved, "[no fix] "))
    text += found["message"] + (f"  [{len(found['evidence']) - 1} others]" if len(found["evidence"]) > 1 else "")
    if same:
        return name, expected, "right", text, seconds, found
    if found["code"] == expected["code"] or found["code"] in EQUIVALENT.get(expected["code"], {}):
        return name, expected, "equivalent", text, seconds, found
    return name, expected, "wrong", text + " | also: " + "; ".join(found["evidence"][1:])[:300], seconds, found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--twin", default="auto")
    parser.add_argument("--with-findings", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--skip", nargs="*", default=[], help="files that -o wrote: their labs are left out")
    parser.add_argument("-o", default=None)
    arguments = parser.parse_args()
    names = []
    for directory in sorted(p.parent for p in LABS.glob("*/lab.json")):
        data, needs, probe = lab(directory)
        if not data["expected"].get("code") or "root" in needs or "docker" in needs or not probe.get("explain"):
            continue
        if data["expected"]["outcome"] == "left" or data.get("slow"):
            continue
        names.append(directory.name)
    if arguments.only:
        names = [n for n in names if n in arguments.only]
    names = names[arguments.first :: arguments.every]
    known = {line.split()[1] for file in arguments.skip for line in open(file) if len(line.split()) > 3}
    names = [n for n in names if n not in known]
    counts, total = collections.Counter(), 0.0
    out = open(arguments.o, "w") if arguments.o else sys.stdout
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = [pool.submit(run, name, arguments) for name in names]
        for ended in concurrent.futures.as_completed(runs):
            name, expected, verdict, text, seconds, found = ended.result()
            counts[verdict] += 1
            total += seconds
            code = found["code"] if found else "-"
            print(f"{verdict:10} {name:40} {expected['code']:26} {code:26} {seconds:5.1f} s  {text}", file=out, flush=True)
    judged = sum(counts.values()) - counts["differs"] - counts["unbuilt"]
    print(f"\n{dict(counts)}; of {judged} judged: "
          f"{100 * (counts['right'] + counts['equivalent']) / max(judged, 1):.1f} % right or equivalent; "
          f"{total / max(len(names), 1):.1f} s a lab", file=out)


main()
