"""Every frame's addresses, ports, protocol and TTL, as tshark reads them, beside what the tool's decoder reads."""

import collections
import os
import subprocess

import pcapfiles

# All layers of a frame: ours are those of one of them.
FIELDS = [
    "frame.number",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ip.proto",
    "ip.ttl",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "ipv6.nxt",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "sctp.srcport",
    "sctp.dstport",
]
# tshark takes each frame by itself and guesses nothing.
SETTINGS = [
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "ip.check_checksum:FALSE",
    "tcp.check_checksum:FALSE",
    "tcp.try_heuristic_first:FALSE",
    "udp.try_heuristic_first:FALSE",
    "ip.tso_support:TRUE",
]
# A long capture says in its first frames what kinds it holds.
FRAMES_OF_A_FILE = 2000


def gather(files, folder):
    """One pcapng of every package's frames, and tshark's fields of them beside it."""
    target = folder / "frames"
    target.mkdir(exist_ok=True)
    packages = collections.defaultdict(list)
    for path in files:
        packages[path.parent.name].append(path)
    for package, paths in packages.items():
        capture, table = target / f"{package}.pcapng", target / f"{package}.tsv"
        if table.exists():
            continue
        writer = pcapfiles.Writer(capture)
        for path in paths:
            for count, (link_type, original, data) in enumerate(pcapfiles.frames(path.read_bytes())):
                if count >= FRAMES_OF_A_FILE:
                    break
                writer.add(path.name, link_type, original, data)
        writer.close()
        options = [word for setting in SETTINGS for word in ("-o", setting)]
        options += [word for field in FIELDS for word in ("-e", field)]
        command = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-E", "occurrence=a", "-E", "header=y", *options]
        unfinished = table.with_suffix(".part")
        with open(unfinished, "w") as out:
            run = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
        if run.returncode != 0:
            print(f"corpus: tshark ended with {run.returncode} at {capture}: {run.stderr.strip()[-200:]}")
        unfinished.rename(table)


def measure(files, folder):
    """Figures by name, and the differences in words; the comparison is a test of the project (CorpusTests)."""
    gather(files, folder)
    result = folder / "frames" / "result.txt"
    result.unlink(missing_ok=True)
    environment = dict(os.environ, PACKETWALK_CORPUS=str(folder.resolve()))
    command = [os.environ.get("SWIFT", "swift"), "test", "--skip-build", "--filter", "RecordingTests.CorpusTests"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    if not result.exists():
        print(run.stdout[-2000:], run.stderr[-2000:])
        return {"decoder not compared": 1}, ["decoder: the test did not run"]
    figures, differences = {"frames equal": 0, "frames decoded otherwise": 0}, []
    for line in result.read_text().splitlines():
        kind, count, words = line.split("\t")
        if words:
            differences.append(f"{kind}: {words}: {count} frames")
        else:
            figures[kind] = int(count)
    return figures, differences
