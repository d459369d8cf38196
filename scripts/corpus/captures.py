"""Replays every capture whole, cut and overwritten: crashes, statuses, messages, time, memory."""

import concurrent.futures
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

import pcapfiles

STATUSES = {0, 1, 65}
FORMS = {"text": [], "summary": ["--summary"], "json": ["--format", "json"]}
# Seconds of the processor for ten million bytes, judged where a run takes longer than half a second. What is generated
# may have frames so small that as many bytes hold more packets than these: it has as long for so many packets.
LIMIT, JUDGED, PACKETS = 2.0, 0.5, 40_000
CLOCK_LIMIT = 120
# Between this program and the replay: the kernel counts the memory of whoever starts a program as the program's. A replay
# that hangs is ended by its alarm, which counts as a crash. Standard input is where the figures go.
LAUNCHER = """
import os, signal, sys
child = os.fork()
if child == 0:
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    signal.alarm(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
seconds = usage.ru_utime + usage.ru_stime
os.write(0, f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_maxrss}".encode())
"""


class Run:
    """One replay, and what is wrong with it."""

    def __init__(self, program, path, form, scratch, packets=0):
        self.path, self.form, self.size, self.packets = path, form, os.path.getsize(path), packets
        out, err = tempfile.TemporaryFile(dir=scratch), tempfile.TemporaryFile(dir=scratch)
        command = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(CLOCK_LIMIT), program, "replay", str(path)]
        reader, writer = os.pipe()
        subprocess.run([*command, *FORMS[form]], stdin=writer, stdout=out, stderr=err)
        os.close(writer)
        with os.fdopen(reader) as usage:
            status, seconds, memory = usage.read().split()
        self.status, self.seconds, self.memory = int(status), float(seconds), int(memory) / 1024
        out.seek(0), err.seek(0)
        self.output, self.errors = out.read(), err.read().decode(errors="replace")
        out.close(), err.close()

    @property
    def is_crash(self):
        return self.status < 0 or "Fatal error" in self.errors

    @property
    def is_slow(self):
        share = max(1, self.size / 10_000_000, self.packets / PACKETS)
        return self.seconds > JUDGED and self.seconds > LIMIT * share

    def faults(self):
        if self.is_crash:
            name = signal.Signals(-self.status).name if self.status < 0 else "fatal error"
            yield "crash", name
        elif self.status not in STATUSES:
            yield "status", str(self.status)
        if self.status == 65 and not any(line.startswith("packetwalk: ") for line in self.errors.splitlines()):
            yield "message", "status 65 without a reason"
        for line in self.errors.splitlines():
            if not line.startswith("packetwalk: ") or len(line) > 400:
                yield "message", line[:200]
        if self.is_slow:
            yield "slow", f"{self.seconds:.1f} s for {self.size / 1e6:.1f} MB"
        if self.form == "json":
            yield from self.json_faults()

    def json_faults(self):
        for line in self.output.splitlines():
            try:
                if not json.loads(line)["schema"].startswith("packetwalk."):
                    yield "json", "no schema"
            except (ValueError, KeyError, TypeError) as error:
                yield "json", str(error)
                return


def damaged(path, scratch, seed):
    """The file's first half, and the file with one byte in a hundred overwritten (its first four stay)."""
    data = path.read_bytes()
    cut = os.path.join(scratch, f"cut+{path.parent.name}+{path.name}")
    with open(cut, "wb") as file:
        file.write(data[: len(data) // 2])
    chance = random.Random(f"{seed} {path.parent.name}/{path.name}")
    bytes_ = bytearray(data)
    for _ in range(max(1, len(data) // 100)):
        if len(bytes_) > 4:
            bytes_[chance.randrange(4, len(bytes_))] = chance.randrange(256)
    overwritten = os.path.join(scratch, f"overwritten+{path.parent.name}+{path.name}")
    with open(overwritten, "wb") as file:
        file.write(bytes_)
    return cut, overwritten


def replay_all(program, path, scratch, seed):
    is_generated = path.parent.name == "generated"
    packets = sum(1 for _ in pcapfiles.frames(path.read_bytes())) if is_generated else 0
    runs = [Run(program, path, form, scratch, packets) for form in FORMS]
    if path.stat().st_size < 20_000_000:
        for other in damaged(path, scratch, seed):
            runs.append(Run(program, other, "json", scratch, packets))
            os.remove(other)
    for run in runs:
        run.found = list(run.faults())
        run.output = b""
    return runs


def measure(program, files, folder, seed):
    """Figures by name, and the faults in words."""
    figures = {"captures": len(files), "replays": 0, "crash": 0, "slow": 0, "status": 0, "message": 0, "json": 0}
    faults, largest, slowest = [], (0.0, ""), (0.0, "")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for runs in pool.map(lambda path: replay_all(program, path, scratch, seed), files):
            for run in runs:
                figures["replays"] += 1
                largest = max(largest, (run.memory, f"{run.path} {run.form}"))
                slowest = max(slowest, (run.seconds, f"{run.path} {run.form}"))
                for kind in {kind for kind, _ in run.found}:
                    figures[kind] += 1
                faults += [f"{kind}: {run.path} ({run.form}): {words}" for kind, words in run.found]
    figures["MB at most"] = round(largest[0])
    figures["processor seconds at most"] = round(slowest[0], 1)
    print(
        f"corpus: the longest replay: {slowest[1]}, {slowest[0]:.1f} s; the largest: {largest[1]}, {largest[0]:.0f} MB"
    )
    return figures, faults
