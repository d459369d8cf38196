#!/usr/bin/env python3
"""Types the commands of documents and writes down what they print: scripts/tutorial.py [--check] PROGRAM FILE...

In a document, a block of three backticks and `console` holds commands behind `# ` and what they print. Each
`<!-- begin: LAB -->` begins a session in a sandbox of its own, with that lab built; the blocks up to the next one are its
commands. A lab with a Docker engine needs root and the engine: without them its session is left as it is.
A block behind `<!-- by hand -->` is left as it is: it needs what a sandbox has not.

What differs from run to run only (times, hardware addresses, ports, process ids) is no change: the old text stays. With --check
nothing is written, and the status is 1 where the printed differs from the written.
"""
import difflib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MARK = "\x1e"
LABS = pathlib.Path(__file__).resolve().parent.parent / "fixtures/labs"
BEGIN = re.compile(r"<!-- begin: ([\w-]+) -->")


def masked(text):
    """Without what no two runs have in common, and without line breaks, which depend on it."""
    # What Docker calls its ends of pairs, and its containers.
    text = re.sub(r"\bveth[0-9a-f]{7}\b", "VETH", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "NUMBER", text)
    # Before times: three of its parts can look like one.
    text = re.sub(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC", text)
    text = re.sub(r"\d\d:\d\d:\d\d(\.\d+)?", "CLOCK", text)
    text = re.sub(r"= [\d./]+ ms", "= TIMES", text)
    # The kernel says so of a link a moment after the command that made it so.
    text = text.replace("state LOWERLAYERDOWN", "state DOWN")
    text = re.sub(r"\d+(\.\d+)? ?(ns|µs|ms|s)\b", "TIME", text)
    text = re.sub(r"TIME( / TIME)+", "TIMES", text)
    text = re.sub(r"fe80::[0-9a-f:]+", "fe80::", text)
    text = re.sub(r"^\d+: ", "N: ", text, flags=re.M)
    text = re.sub(r"@(if)?(\w+)", "@PEER", text)
    text = re.sub(r":(3[2-9]|[45]\d|6[0-5])\d{3}\b", ":PORT", text)
    text = re.sub(r": (reachable|stale|delay)\b", ": REACHABLE", text)
    # A translation may choose any port, and a service any of its endpoints.
    text = re.sub(r"port \d+ ⇒ \d+", "port PORT ⇒ PORT", text)
    text = re.sub(r"KUBE-SEP-\w+", "KUBE-SEP", text)
    text = re.sub(r"\bweb[12]\b", "web", text)
    text = re.sub(r"10\.244\.0\.1[12]\b", "ENDPOINT", text)
    text = re.sub(r"→ [345]\d{4}\b", "→ PORT", text)
    text = re.sub(r"\b(pid|netns)[: ]\d+", "ID", text)
    text = re.sub(r"\d+ kinds of packet", "N kinds of packet", text)
    text = re.sub(r"[─┄═]+", "─", text)
    text = re.sub(r"[│┌┐└┘├┤]", "", text)
    return " ".join(text.replace("\\\n", " ").split())


def blocks(lines):
    """(first, last) of the lines within each block that is typed; backticks outside."""
    start, by_hand = None, False
    for index, line in enumerate(lines):
        if line.strip() == "<!-- by hand -->":
            by_hand = True
        elif start is None and line.rstrip() == "```console":
            start = index + 1
        elif start is not None and line.rstrip() == "```":
            if not by_hand:
                yield start, index
            start, by_hand = None, False


def sessions(lines):
    """For each session its lab, and its commands with the lines of their output. Before the first lab there is none."""
    starts = [(0, None)] + [(at, found[1]) for at, line in enumerate(lines) if (found := BEGIN.search(line))]
    ends = [at for at, _ in starts[1:]] + [len(lines)]
    for (start, lab), end in zip(starts, ends):
        commands = session(lines, start, end)
        if commands:
            yield lab, commands


def session(lines, start, end):
    """The commands of the blocks between two lines, each with the lines of its output."""
    commands = []
    for first, last in blocks(lines):
        if not start <= first < end:
            continue
        at = first
        while at < last:
            if not lines[at].startswith("# "):
                raise SystemExit(f"tutorial: line {at + 1} is output of no command: {lines[at]}")
            command = [lines[at][2:]]
            stop = at + 1
            while command[-1].endswith("\\") and stop < last:
                command.append(lines[stop].removeprefix("> "))
                stop += 1
            begin = stop
            while stop < last and not lines[stop].startswith("# "):
                stop += 1
            commands.append(("\n".join(command), begin, stop))
            at = stop
    return commands


def layers(lab):
    """The folders of the labs that it is based on, then its own; and what they need."""
    description = json.loads((LABS / lab / "lab.json").read_text())
    below, needs = layers(description["base"]) if "base" in description else ([], [])
    return below + [LABS / lab], needs + description.get("needs", [])


def lacks(lab):
    """What this machine lacks for a lab; None where nothing."""
    if not lab or "docker" not in layers(lab)[1]:
        return None
    if os.geteuid() != 0:
        return "root"
    return None if shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin:/sbin") else "a Docker engine"


def typed(program, lab, commands):
    """What each command prints, in one sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        folders, needs = layers(lab) if lab else ([], [])
        script = ["mount --make-rprivate /", "mount -t tmpfs none /run && mkdir -p /run/netns",
                  "mkdir /run/bin; ln -s $PROGRAM /run/bin/packetwalk", "cd /run",
                  "echo nameserver 198.51.100.1 >/run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf",
                  "export XTABLES_LOCKFILE=/run/xtables.lock PATH=/run/bin:$PATH:/usr/sbin:/sbin"]
        for layer in folders:
            script.append(f"LAB={layer} sh -eu {layer}/setup.sh </dev/null >&2 || exit 1")
        for index, (command, _, _) in enumerate(commands):
            (folder / f"{index}.sh").write_text(command + "\n")
            script.append(f". {folder}/{index}.sh 2>&1 </dev/null; printf '%s\\n' '{MARK}'")
        environment = dict(os.environ, COLUMNS="80", LC_ALL="C.UTF-8", TERM="dumb", TZ="UTC", NO_COLOR="1",
                           PROGRAM=os.path.realpath(program), PACKETWALK_LABS=str(LABS))
        kinds = "-nmpi" if "docker" in needs else "-Urnmpi"
        run = subprocess.run(
            ["unshare", kinds, "--fork", "--mount-proc", "--kill-child", "bash", "-c", "\n".join(script)],
            env=environment, capture_output=True, text=True)
    outputs = run.stdout.split(MARK + "\n")
    if len(outputs) != len(commands) + 1:
        raise SystemExit(f"tutorial: the session ended early:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return outputs[:-1]


READS = re.compile(r"ip( -n \w+)? (netns$|netns exec|link show|addr show|route$)|iptables( -t \w+)? -S")


def strangers(commands, outputs):
    """Commands that change the network and are neither of a lab nor a fix that was printed just before."""
    known = {line.strip() for file in LABS.glob("*/setup.sh") for line in file.read_text().split("\n")}
    printed = ""
    for (command, begin, _), output in zip(commands, outputs):
        if re.match(r"(ip|iptables|sysctl|nft) ", command) and not READS.match(command):
            if command not in known and command not in " ".join(printed.replace("\\\n", " ").split()):
                yield begin, command
        printed += output


def same(lines, command, output):
    _, begin, end = command
    # By words, not by their order: a time that is one digit longer moves words of a column to its next line.
    written, printed = masked("\n".join(lines[begin:end])), masked(output.rstrip("\n"))
    return sorted(written.split()) == sorted(printed.split())


def play(program, lines, lab, commands, tries):
    """What the commands of a session print."""
    outputs = typed(program, lab, commands)
    # A machine that is busy with something else sees some things later: what is looked up once more has changed for good.
    for _ in range(tries - 1):
        if all(same(lines, command, output) for command, output in zip(commands, outputs)):
            break
        outputs = typed(program, lab, commands)
    return outputs


def main():
    words = sys.argv[1:]
    checks = words[:1] == ["--check"]
    program, files = words[checks], words[checks + 1:]
    status = 0
    for name in files:
        path = pathlib.Path(name)
        lines = path.read_text().split("\n")
        result, at = [], 0
        for lab, commands in sessions(lines):
            if lack := lacks(lab):
                print(f"{name}: {lab} needs {lack}: left as it is", file=sys.stderr)
                continue
            outputs = play(program, lines, lab, commands, 3 if checks else 1)
            for line, command in strangers(commands, outputs):
                status = 1
                print(f"{name}:{line}: no lab has `{command}`")
            for (command, begin, end), output in zip(commands, outputs):
                old = "\n".join(lines[begin:end])
                new = output.rstrip("\n")
                result += lines[at:begin]
                at = end
                if same(lines, (command, begin, end), output):
                    result += lines[begin:end]
                    continue
                result += [line.rstrip() for line in new.split("\n")] if new else []
                if checks:
                    status = 1
                    print(f"{name}:{begin}: `{command}` prints something else now")
                    # What no two runs have in common is left out of this too.
                    texts = [[masked(line) for line in text.split("\n")] for text in (old, new)]
                    for line in difflib.unified_diff(*texts, "written", "printed", lineterm=""):
                        print("    " + line)
        result += lines[at:]
        if not checks:
            path.write_text("\n".join(result))
    sys.exit(status)


main()
