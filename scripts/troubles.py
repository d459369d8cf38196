#!/usr/bin/python3
"""Runs fixtures/troubles: scripts/troubles.py PROGRAM [NUMBER…]

Each trouble is built in a box (network, mount and process namespaces of its own, boxes/box.sh). Prints a line each, and
how many were right; ends with 1 where one was not.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "troubles"
COMMANDS = {"E": "explain", "T": "trace", "R": "remedy"}


def troubles():
    for line in (FOLDER / "want.tsv").read_text().splitlines():
        number, kind, pattern, cause = line.split("\t")
        script = ["bash", str(FOLDER / f"{number}.sh"), COMMANDS[kind]]
        yield number, "vis", COMMANDS[kind], pattern, cause, ["bash", str(FOLDER / "boxes/box.sh"), *script]
    for line in (FOLDER / "boxes" / "want.tsv").read_text().splitlines():
        number, mode, command, pattern, cause = line.split("\t")
        yield number, mode, command, pattern, cause, ["bash", str(FOLDER / "boxes/run.sh"), number, mode, command]


def first_finding(output):
    """The first error of the first walk that has one; else the first finding."""
    findings = []
    for line in output.splitlines():
        if line.startswith("{"):
            findings += json.loads(line).get("findings") or []
    return next((one for one in findings if one["severity"] == "error"), findings[0] if findings else None)


def main():
    program, wanted = os.path.abspath(sys.argv[1]), set(sys.argv[2:])
    environment = dict(os.environ, PW=program)
    right = count = 0
    for number, mode, command, pattern, cause, words in troubles():
        if wanted and number not in wanted:
            continue
        count += 1
        arguments = [] if command == "remedy" else ["--packets", "--format", "json"]
        try:
            run = subprocess.run(words + arguments, env=environment, capture_output=True, text=True, timeout=180)
            output, errors = run.stdout, run.stderr
        except subprocess.TimeoutExpired:
            output, errors = "", "no end within three minutes"
        if command == "remedy":
            is_right, shown = "remedy: mended" in output, " ; ".join(output.split("\n"))[-150:]
        else:
            finding = first_finding(output)
            shown = f"{finding['code']}: {finding['message']}"[:150] if finding else f"no finding {errors[-150:]}"
            text = json.dumps(finding, ensure_ascii=False) if finding else ""
            is_right = finding is not None and re.search(pattern, text.replace("\\\\", "\\")) is not None
        right += is_right
        print("right" if is_right else "WRONG", number, mode, command, "|", shown, flush=True)
        if not is_right:
            print("      wanted:", pattern, "|", cause)
    print(f"{right} of {count} troubles: the first finding was right")
    return 0 if right == count else 1


sys.exit(main())
