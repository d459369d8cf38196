#!/usr/bin/python3
"""Holds every lab against its twin: scripts/twins/labs.py [--rebuilt] PROGRAM [LAB…]

Each lab is built in a sandbox and read by `packetwalk snapshot`. Then its packet is explained there, and predicted from the
snapshot alone. Outcome, hops and first finding must be the same, or the prediction names an assumption that decides. The
script of `packetwalk twin` is run by plain sh, and what it rebuilds is read again: the two snapshots must be equal but for
the assumptions that are named.

With --rebuilt only the two snapshots are compared. A LAB may be a file of commands that build a network.

Prints a line for each difference, and a table; ends with 1 where one differs that no assumption explains. Needs no root;
labs that do are left out.
"""

import argparse
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
# At rest: the kernel sees to carriers up to a second later, and gives addresses then.
SNAPSHOT = """
sleep 1.5
"$PROGRAM" snapshot -o "$FOLDER/snapshot" 2>"$FOLDER/snapshot.log" || echo "snapshot: status $?"
"""
EXPLAIN = """
"$PROGRAM" explain --wait 4 "$@" --packets --format json >"$FOLDER/explained" 2>"$FOLDER/explained.log" || true
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


def build(program, name, folder, explains, packet):
    """Builds the lab, reads it, and explains its packet; what went wrong, or {}."""
    if name.endswith(".sh"):
        setups = [pathlib.Path(name).resolve()]
    else:
        setups = [layer / "setup.sh" for layer in description(name)[1]]
    steps = "".join(f'LAB="{setup.parent}" sh -eu "{setup}" >/dev/null 2>>"$FOLDER/setup.log" || exit 9\n' for setup in setups)
    steps += SNAPSHOT + (EXPLAIN if explains else "")
    environment = dict(os.environ, PROGRAM=program, FOLDER=str(folder))
    built = run([*BOX, "sh", "-c", steps, "steps", *packet], env=environment)
    if built.returncode == 9:
        return {"not built": (folder / "setup.log").read_text().strip()[-200:]}
    if "snapshot:" in built.stdout:
        return {"snapshot": (folder / "snapshot.log").read_text()[-300:]}
    return {}


def predicted(program, folder, packet):
    """How the prediction differs from what was seen, by kind."""
    explained = walks(folder / "explained")
    prediction = run([program, "predict", "--snapshot", str(folder / "snapshot"), "--wait", "4", *packet, "--format", "json"])
    (folder / "predicted").write_text(prediction.stdout)
    twin = walks(folder / "predicted")
    if not explained or not twin:
        return {"outcome": f"no walk: {(folder / 'explained.log').read_text()[-200:]} {prediction.stderr[-300:]}"}
    faults = {}
    told = [f"{one['code']}: {one['text']}" for one in twin[0].get("assumptions", [])]
    for kind, part in (("outcome", outcome), ("hops", hops), ("finding", finding)):
        one, other = part(explained[0]), part(twin[0])
        if one != other:
            faults[f"{kind}, as told" if told else kind] = shown(one, other) + "".join(f" ({text})" for text in told)
    return faults


def rebuilt(program, folder):
    """How what the script builds differs from what was read, where no assumption says so."""
    script = run([program, "twin", str(folder / "snapshot"), "--script"])
    (folder / "twin.sh").write_text(script.stdout)
    again = run(["sh", str(folder / "twin.sh"), program, "snapshot", "-o", str(folder / "again")])
    if not (folder / "again").exists():
        return {"script": (script.stderr + again.stderr)[-300:]}
    # A machine's warnings and its assumptions go to standard error.
    compared = run([program, "compare", "--changes", str(folder / "snapshot"), str(folder / "again")])
    left = unexplained(compared.stdout, script.stderr) + ([compared.stderr] if compared.returncode > 1 else [])
    return {"rebuilt": "\n  ".join(left)[:600] + " | " + again.stderr.strip()[-300:]} if left else {}


def measure(program, name, explains):
    """What of the lab its twin has not, by kind: {"outcome": words, …}."""
    packet = []
    if explains:
        probe = description(name)[0]["probe"]
        if not probe.get("explain"):
            return None
        packet = ["--from", probe["from"], *probe["explain"]]
    with tempfile.TemporaryDirectory(prefix=f"twin-{pathlib.Path(name).stem}-") as place:
        folder = pathlib.Path(place)
        faults = build(program, name, folder, explains, packet)
        if not faults:
            faults = {**(predicted(program, folder, packet) if explains else {}), **rebuilt(program, folder)}
        return faults


# What of a snapshot an assumption of each kind changes.
CHANGES = {"stp": "stp_state", "dad": "dadfailed", "uid": "-owner "}


def unexplained(changes, said):
    """The lines of `packetwalk compare` that no assumption explains."""
    words = [text for code, text in CHANGES.items() if f"assumption: {code}:" in said]
    return [line for line in changes.splitlines()
            if line.startswith(" ") and not any(text in line for text in words)]


def shown(one, other):
    if isinstance(one, list) and isinstance(other, list):
        at = next((index for index, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))
        return f"hop {at}: {one[at:at + 2]}, in the twin {other[at:at + 2]}"
    return f"{one}, in the twin {other}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("labs", nargs="*")
    parser.add_argument("--rebuilt", action="store_true", help="compare snapshots only")
    arguments = parser.parse_args()
    program, names = os.path.abspath(arguments.program), arguments.labs
    if not names:
        names = sorted(path.parent.name for path in LABS.glob("*/lab.json"))
        names = [name for name in names if not set(description(name)[0].get("needs", [])) & {"root", "docker", "vlan-filtering"}]
    table, count = {}, 0

    def one(name):
        try:
            return name, measure(program, name, not arguments.rebuilt)
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
    return 1 if any("as told" not in kind for kind in table) else 0


sys.exit(main())
