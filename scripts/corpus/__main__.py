#!/usr/bin/python3
"""Measures the tool on other people's files: scripts/corpus/__main__.py PROGRAM [--seed N] [PART…]

Parts: captures (replays), frames (the decoder beside tshark), rules (as root: the evaluator beside the kernel); all of
them where none is named.
Everything is kept in .build-corpus. Prints a table; ends with 1 where a figure that should be 0 is not.
"""

import argparse
import os
import pathlib
import shutil
import sys

import captures
import frames
import generated
import packages

FOLDER = pathlib.Path(".build-corpus")
PARTS = ("captures", "frames", "rules")
# What should not happen at all.
ZERO = {
    "crash",
    "slow",
    "status",
    "message",
    "json",
    "frames decoded otherwise",
    "decoder not compared",
    "wrong with certainty",
    "map: rules missing",
}
SHOWN = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--seed", type=int, default=1, help="of the bytes that are overwritten")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    parts = arguments.parts or PARTS
    packages.fetch(FOLDER)
    captured, rules = packages.unpack(FOLDER)
    files = sorted(path for path in captured.rglob("*") if path.is_file())
    table, faults = [], []

    def add(part, result):
        figures, words = result
        table.extend((part, name, value) for name, value in figures.items())
        faults.extend(words)

    if "captures" in parts:
        print(f"corpus: bytes overwritten by seed {arguments.seed}")
        add("captures", captures.measure(program, files + generated.large_files(FOLDER), FOLDER, arguments.seed))
    if "frames" in parts and shutil.which("tshark"):
        add("frames", frames.measure(files, FOLDER))
    if "rules" in parts:
        if os.geteuid() == 0:
            import rules as rule_part

            add("rules", rule_part.measure(program, rules, FOLDER))
        else:
            print("corpus: rules are loaded as root only; left out")
    return report(table, faults)


def report(table, faults):
    (FOLDER / "faults.txt").write_text("".join(line + "\n" for line in faults))
    for line in faults[:SHOWN]:
        print(" ", line)
    if len(faults) > SHOWN:
        print(f"  … {len(faults)} in all: {FOLDER}/faults.txt")
    wrong = False
    for part, name, value in table:
        is_wrong = name.split(", ")[-1] in ZERO and value != 0
        wrong |= is_wrong
        print(f"{part:10}{value:>12}  {name}{'   should be 0' if is_wrong else ''}")
    return 1 if wrong else 0


sys.exit(main())
