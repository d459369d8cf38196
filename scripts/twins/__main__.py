#!/usr/bin/python3
"""Compares random networks with their twins: scripts/twins PROGRAM [--seed N] [--count N] [--keep FOLDER]

Each network is built in a sandbox, used, and read by `packetwalk snapshot`; then 30 packets are sent in it, and the same
ones in what the script of `packetwalk twin` rebuilds. Every sighting on every device and every rule's counter must be
equal, but where the script names an assumption; where that is the order of two firewalls, the twin with the other order
must be. A network that differs from itself when it is built twice proves nothing,
and is counted apart. Needs no root.

Ends with 1 where a twin without an assumption differs. Then both scripts stay in the folder.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from network import Network

FOLDER = pathlib.Path(__file__).resolve().parent
# Its own network, mounts and processes: nothing reaches the machine's, and all ends with it.
BOX = ["unshare", "-Ur", "unshare", "-nmpf", "--mount-proc", "--kill-child", "sh", "-c",
       'mount -t tmpfs tmpfs /run && mkdir /run/netns /run/lock && mount --bind /run/netns /run/netns'
       ' && mount --make-shared /run/netns && export XTABLES_LOCKFILE=/run/xtables.lock && exec "$@"', "box"]
MARK, ORDER = "assumption", "assumption: hook-order"


class Case:
    def __init__(self, program, seed, folder):
        self.program, self.seed, self.folder = program, seed, folder
        self.network = Network(seed)
        self.names = ",".join(self.network.addresses)
        (folder / "setup.sh").write_text(self.network.setup)
        for part in ("before", "after"):
            (folder / f"{part}.json").write_text(json.dumps(getattr(self.network, part)))
        (folder / "ask.sh").write_text(self.network.asking)
        (folder / "original.sh").write_text(
            f'sh "{folder}/setup.sh" && {self.probe("before", "$1.before")} && sh "{folder}/ask.sh"'
            f' && "$2" snapshot -o "$1.snapshot" && {self.probe("after", "$1")}\n')

    def probe(self, part, result):
        return f'/usr/bin/python3 "{FOLDER}/probe.py" "{self.folder}/{part}.json" "{result}" "{self.names}"'

    def run(self, words):
        return subprocess.run(words, capture_output=True, text=True, timeout=120)

    def original(self, name):
        """What was seen in it; None where this kernel did not build it."""
        result = self.folder / name
        run = self.run([*BOX, "sh", str(self.folder / "original.sh"), str(result), self.program])
        (self.folder / f"{name}.log").write_text(run.stderr)
        return json.loads(result.read_text()) if run.returncode == 0 and result.exists() else None

    def twin(self, *options):
        """What was seen in the twin, and what it takes for granted."""
        script = self.folder / "twin.sh"
        made = self.run([self.program, "twin", str(self.folder / "one.snapshot"), "--script", *options])
        script.write_text(made.stdout)
        result = self.folder / "twin"
        run = self.run(["sh", str(script), "sh", "-c", self.probe("after", str(result))])
        said = made.stderr + run.stderr
        (self.folder / "twin.log").write_text(said)
        assumed = sorted({line for line in said.splitlines() if MARK in line})
        return (json.loads(result.read_text()) if result.exists() else None), assumed


def without(taken, other):
    """What of the one list the other one has not, or not as often."""
    left = list(other)
    return [words for words in taken if words not in left or left.remove(words)]


def difference(one, other):
    """The first difference in words; empty where there is none."""
    if other is None:
        return "the twin was not built"
    for number, (first, second) in enumerate(zip(one["packets"], other["packets"])):
        if first["error"] != second["error"]:
            return f"packet {number}: the sender's error {first['error']}, in the twin {second['error']}"
        if first["seen"] != second["seen"]:
            lost, more = (without(one, other) for one, other in ((first["seen"], second["seen"]), (second["seen"], first["seen"])))
            return f"packet {number}: not in the twin {lost[:3]}, only there {more[:3]}"
    for place in sorted(one["counters"].keys() | other["counters"].keys()):
        if one["counters"].get(place) != other["counters"].get(place):
            return f"counters of {place}: {one['counters'].get(place)}, in the twin {other['counters'].get(place)}"
    return ""


def judge(program, seed, kept):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"twin-{seed}-"))
    try:
        case = Case(program, seed, folder)
        original = case.original("one")
        if original is None:
            kind, words = "not built", (folder / "one.log").read_text()[-300:]
        else:
            twin, assumed = case.twin()
            kind, words = "equal", ""
            found = difference(original, twin)
            if found:
                again = case.original("two")
                if again is None or difference(original, again):
                    kind, words = "not equal to itself", found
                elif not difference(original, case.twin()[0]):
                    # What waits for the kernel's own time (neighbours that are asked for) comes out either way.
                    kind, words = "equal in the second twin", ""
                elif ORDER in "".join(assumed) and not difference(original, case.twin("--otherwise", "hook-order")[0]):
                    kind, words = "equal the other way round", ""
                else:
                    kind, words = ("assumption" if assumed else "DIFFERENT"), f"{found} {assumed}"
            elif assumed:
                kind = "equal, with an assumption"
        if kind in ("DIFFERENT", "assumption", "not built") and kept:
            target = pathlib.Path(kept) / str(seed)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target)
            words += f"\n    both scripts: {target}/setup.sh {target}/twin.sh"
        return seed, kind, words
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as failure:
        return seed, "DIFFERENT", f"{failure}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1, help="of the first network")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default=".build-twins", help="where the scripts of a difference are kept")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    print(f"twins: seeds {arguments.seed} to {arguments.seed + arguments.count - 1}")
    kinds = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        seeds = range(arguments.seed, arguments.seed + arguments.count)
        for seed, kind, words in pool.map(lambda one: judge(program, one, arguments.keep), seeds):
            kinds[kind] = kinds.get(kind, 0) + 1
            if words:
                print(f"seed {seed}: {kind}: {words}", flush=True)
    for kind, count in sorted(kinds.items()):
        print(f"{count:6} {kind}")
    return 1 if kinds.get("DIFFERENT") else 0


sys.exit(main())
