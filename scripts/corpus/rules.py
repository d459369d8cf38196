"""The evaluator beside the kernel: which of two rules dropped the packet (rulebox.py asks), and what the tool says."""

import collections
import json
import pathlib
import subprocess
import sys

import rulefiles

BOX = 'mount -t tmpfs tmpfs /run && mkdir -p /run/netns /run/lock && ip link set lo up && exec "$@"'
# These let the packet go on, or out of the chain: what is measured is the rule that drops it.
GOING_ON = ("-j ACCEPT", "-j RETURN", "--queue-bypass")

# What is listed, the worst first.
ORDER = ("wrong with certainty", "left although dropped", "wrong as perhaps")


def gathered(folder):
    sets = {"iptables": [], "ip6tables": [], "nft": []}
    tests = rulefiles.iptables_tests(folder / "iptables")
    for rule, chains in tests:
        if "FORWARD" in chains and rule.table in ("filter", "mangle"):
            sets[rule.backend].append(rule)
    sets["iptables"] += rulefiles.generated_iptables()
    sets["nft"] += [*rulefiles.nftables_tests(folder / "nftables"), *rulefiles.generated_nft()]
    return {backend: [vars(rule) for rule in unique(rules)] for backend, rules in sets.items()}


def whole_sets(folder):
    """Rule sets to map: what programs load whole, by name: the command and its input."""
    lines, restored = {}, {}
    for rule, chains in rulefiles.iptables_tests(folder / "iptables"):
        tables = lines.setdefault((rule.backend, rule.origin), {})
        tables.setdefault(rule.table, []).extend(f"-A {chain} {rule.text}" for chain in chains)
    for (backend, origin), tables in lines.items():
        restored[origin] = {"command": backend, "tables": tables}
    for path in sorted((folder / "ufw").glob("*.rules")):
        command = "ip6tables-restore" if "6" in path.name else "iptables-restore"
        restored[f"ufw {path.name}"] = {"command": command, "text": path.read_text()}
    for path in sorted((folder / "nftables").glob("*.nft")):
        restored[f"nftables {path.name}"] = {"command": "nft", "text": path.read_text()}
    return restored


def unique(rules):
    return list({(rule.table, rule.text): rule for rule in rules}.values())


def judge(rule, answer):
    """What the answer is worth; nil where the kernel's counters do not say which rule decided."""
    counts = answer["counts"]
    if len(counts) != 2 or sum(counts) == 0 or max(counts) > 1:
        return None
    decided = 2 if counts[1] else 1
    finding, chain = answer["finding"], f"T{answer['rule']}"
    if decided == 1 and any(word in rule["text"] for word in GOING_ON):
        blames = finding is not None and finding["chain"] == chain
        return "right" if not blames else "wrong with certainty" if finding["certain"] else "wrong as perhaps"
    if finding is None or answer["outcome"] in ("delivered", "left"):
        return "left although dropped"
    if finding["chain"] == chain and finding["position"] == decided:
        return "right" if finding["certain"] else "right as perhaps"
    return "wrong with certainty" if finding["certain"] else "wrong as perhaps"


def measure(program, folder, corpus):
    sets = gathered(folder)
    scratch = corpus / "scratch"
    scratch.mkdir(exist_ok=True)
    given, target = (scratch / "rules.json").resolve(), (scratch / "answers.json").resolve()
    given.write_text(json.dumps({"sets": sets, "whole": whole_sets(folder)}))
    target.unlink(missing_ok=True)
    box = str(pathlib.Path(__file__).with_name("rulebox.py"))
    command = ["unshare", "-m", "-n", "-p", "-f", "--mount-proc", "bash", "-c", BOX, "box", sys.executable, box]
    run = subprocess.run([*command, program, str(given), str(target)], capture_output=True, text=True)
    if not target.exists():
        return {"rules not measured": 1}, [f"rules: {run.stderr.strip()[-300:]}"]
    results = json.loads(target.read_text())
    figures, faults = tally(sets, results["sets"])
    whole_figures, whole_faults = tally_maps(results["whole"])
    return figures | whole_figures, whole_faults + faults


def tally_maps(results):
    figures = {
        "map: rule sets": len(results),
        "map: rule sets that do not load": 0,
        "map: rules": 0,
        "map: rules missing": 0,
    }
    figures |= {"map: rules in other words": 0, "crash": 0}
    faults = []
    for name, result in results.items():
        figures["map: rule sets that do not load"] += result["count"] == 0
        figures["map: rules"] += result["count"]
        figures["map: rules missing"] += result["missing"]
        figures["map: rules in other words"] += len(result["otherwise"])
        figures["crash"] += result["status"] < 0
        faults += [f"map: {name}: {line}" for line in result["otherwise"]]
        if result["missing"] or result["status"]:
            faults.append(f"map: {name}: {result['missing']} rules missing, status {result['status']}")
    return figures, faults


def tally(sets, results):
    figures, faults = {}, []
    for backend, result in results.items():
        counts = collections.Counter()
        for answer in result["answers"]:
            rule = sets[backend][answer["rule"]]
            worth = judge(rule, answer)
            counts[worth or "no word of the kernel"] += 1
            if worth in ORDER:
                faults.append(fault(backend, rule, answer, worth))
        figures[f"{backend}, rules"] = result["taken"]
        figures[f"{backend}, rules that the kernel does not take"] = result["offered"] - result["taken"]
        figures[f"{backend}, packets"] = len(result["answers"])
        worths = ("right", "right as perhaps", "wrong as perhaps", "left although dropped", "no word of the kernel")
        for name in (*worths, "wrong with certainty"):
            figures[f"{backend}, {name}"] = counts[name]
        figures[f"{backend}, crash"] = len(result["crash"])
        figures[f"{backend}, map: rules missing"] = result["map"]["missing"]
        figures[f"{backend}, map: rules in other words"] = len(result["map"]["otherwise"])
    return figures, sorted(faults, key=lambda line: ORDER.index(line.split(":")[0]))


def fault(backend, rule, answer, worth):
    decided = 2 if len(answer["counts"]) > 1 and answer["counts"][1] else 1
    said = answer["finding"]
    words = f"{said['code']} {said['chain']} {said['position']}" if said else answer["outcome"]
    asked = f"{backend} {rule['table']} {rule['text']} ({answer['kind']})"
    return f"{worth}: {asked}: rule {decided} dropped it, said: {words}"
