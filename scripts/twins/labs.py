#!/usr/bin/python3
"""Holds every lab against its twin: scripts/twins/labs.py PROGRAM [LAB…]

Each lab is built in a sandbox and read by `packetwalk snapshot`. Then its packet is explained there, and predicted from the
snapshot alone. Outcome, hops and first finding must be the same. The script of `packetwalk twin` is run by plain sh, and
what it rebuilds is read again: the two snapshots must be equal but for the assumptions that are named.

Prints a line for each difference, and a table. Needs no root; labs that do are left out.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

LABS = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures" / "labs"
# As root without a user namespace: what the tool may watch depends on it.
OWN = [] if os.geteuid() == 0 else ["unshare", "-Ur"]
BOX = [*OWN, "unshare", "-nmpf", "--mount-proc", "--kill-child", "sh", "-c",
       'mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run && mkdir /run/netns /run/lock'
       ' && mount --bind /run/netns /run/netns && mount --make-shared /run/netns'
       ' && sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0'
       ' net.bridge.bridge-nf-call-arptables=0; export XTABLES_LOCKFILE=/run/xtables.lock; exec "$@"', "box"]
STEPS = """
"$PROGRAM" snapshot -o "$FOLDER/snapshot" 2>"$FOLDER/snapshot.log" || echo "snapshot: status $?"
"$PROGRAM" explain --wait 1 "$@" --packets --format json >"$FOLDER/explained" 2>"$FOLDER/explained.log" || true
"""


def description(name):
    """lab.json with what it takes over from its bases, and the folders whose setup.sh build it."""
    folder = LABS / name
    own = json.loads((folder / "lab.json").read_text())
    if "base" not in own:
        return own, [folder]
    base, layers = description(own["base"])
    needs = base.get("needs", []) + own.get("needs", [])
    return {**{key: value for key, value in base.items() if key in ("probe", "far")}, **own, "needs": needs}, layers + [folder]


def walks(path):
    try:
        return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    except OSError:
        return []


def outcome(walk):
    return walk["outcome"]


def hops(walk):
    return [tuple(hop.get(key) for key in ("namespace", "device", "vantage", "direction", "hook", "stage"))
            for hop in walk["hops"]]


def finding(walk):
    first = (walk.get("findings") or [None])[0]
    if first is None:
        return None
    rule = first.get("rule") or {}
    return first["code"], first.get("where"), rule.get("text")


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, **more)


def measure(program, name):
    """What of the lab its twin has not, by kind: {"outcome": words, …}."""
    lab, layers = description(name)
    probe = lab["probe"]
    if not probe.get("explain"):
        return None
    with tempfile.TemporaryDirectory(prefix=f"twin-{name}-") as place:
        folder = pathlib.Path(place)
        packet = ["--from", probe["from"], *probe["explain"]]
        steps = "".join(f'LAB="{layer}" sh -eu "{layer}/setup.sh" >/dev/null 2>>"$FOLDER/setup.log" || exit 9\n' for layer in layers)
        environment = dict(os.environ, PROGRAM=program, FOLDER=place)
        built = run([*BOX, "sh", "-c", steps + STEPS, "steps", *packet], env=environment)
        if built.returncode == 9:
            return {"not built": (folder / "setup.log").read_text().strip()[-200:]}
        if "snapshot:" in built.stdout:
            return {"snapshot": (folder / "snapshot.log").read_text()[-300:]}
        explained = walks(folder / "explained")
        predicted = run([program, "predict", "--snapshot", str(folder / "snapshot"), "--wait", "1", *packet, "--format", "json"])
        (folder / "predicted").write_text(predicted.stdout)
        twin = walks(folder / "predicted")
        faults = {}
        if not explained or not twin:
            faults["outcome"] = f"no walk: {(folder / 'explained.log').read_text()[-200:]} {predicted.stderr[-300:]}"
        else:
            for kind, part in (("outcome", outcome), ("hops", hops), ("finding", finding)):
                one, other = part(explained[0]), part(twin[0])
                if one != other:
                    faults[kind] = shown(one, other)
        script = run([program, "twin", str(folder / "snapshot"), "--script"])
        (folder / "twin.sh").write_text(script.stdout)
        again = run(["sh", str(folder / "twin.sh"), program, "snapshot", "-o", str(folder / "again")])
        if not (folder / "again").exists():
            faults["script"] = (script.stderr + again.stderr)[-300:]
        else:
            # A machine's warnings and its assumptions go to standard error.
            compared = run([program, "compare", "--changes", str(folder / "snapshot"), str(folder / "again")])
            if compared.returncode != 0:
                faults["rebuilt"] = (compared.stdout + compared.stderr).strip()[:600] + " | " + again.stderr.strip()[-300:]
        return faults


def shown(one, other):
    if isinstance(one, list) and isinstance(other, list):
        at = next((index for index, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))
        return f"hop {at}: {one[at:at + 2]}, in the twin {other[at:at + 2]}"
    return f"{one}, in the twin {other}"


def main():
    program, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if not names:
        names = sorted(path.parent.name for path in LABS.glob("*/lab.json"))
        names = [name for name in names if not set(description(name)[0].get("needs", [])) & {"root", "docker", "vlan-filtering"}]
    table, count = {}, 0

    def one(name):
        try:
            return name, measure(program, name)
        except subprocess.TimeoutExpired as failure:
            return name, {"outcome": f"no end: {failure}"[:200]}

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, faults in pool.map(one, names):
            if faults is None:
                continue
            count += 1
            for kind, words in faults.items():
                table[kind] = table.get(kind, 0) + 1
                print(f"{name}: {kind}: {words}", flush=True)
    print(f"{count} labs with their twins: " + (", ".join(f"{kind} of {number}" for kind, number in sorted(table.items()))
                                                 + " differ" if table else "all equal"))
    return 1 if table else 0


sys.exit(main())
