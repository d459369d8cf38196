#!/usr/bin/env python3
"""Writes the manual pages of section 8: scripts/manual.py PROGRAM FOLDER

Commands, options and what they mean are the program's own (--experimental-dump-help); what else a page says stands in
docs/man/sections/PAGE.roff, in the macros of man(7). A test holds docs/man against what this writes.
"""
import json
import pathlib
import subprocess
import sys

SECTIONS = pathlib.Path(__file__).resolve().parent.parent / "docs/man/sections"


def roff(text):
    """Text as roff takes it: nothing in it is a request or an escape; `code` is bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    parts = text.split("`")
    text = "".join(part if index % 2 == 0 else f"\\fB{part}\\fP" for index, part in enumerate(parts))
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.split("\n"))


def name(entry):
    """`-o, --output FILE` in bold and italics."""
    names = [("--" if one["kind"].startswith("long") and one["kind"] != "longWithSingleDash" else "-") + one["name"]
             for one in entry.get("names", [])]
    words = ", ".join(f"\\fB{roff(one)}\\fP" for one in sorted(names, key=len))
    if entry["kind"] == "flag":
        return words
    return f"{words} \\fI{roff(entry['valueName'])}\\fP".strip()


def described(entry):
    text = entry.get("abstract", "")
    values = entry.get("allValues")
    if values:
        text += f" One of {', '.join(f'`{value}`' for value in values)}."
    if entry.get("defaultValue") and entry["kind"] == "option":
        text += f" The default is `{entry['defaultValue']}`."
    return roff(text.strip())


def synopsis(path, command):
    words = [f"\\fB{roff(' '.join(path))}\\fP"]
    entries = [entry for entry in command.get("arguments", []) if entry["shouldDisplay"]]
    if command.get("subcommands"):
        words.append("\\fIcommand\\fP ...")
    needed = [entry for entry in entries if entry["kind"] == "option" and not entry["isOptional"]]
    words += [f"{name(entry)}" for entry in needed]
    if any(entry["kind"] != "positional" for entry in entries):
        words.append("[\\fIoptions\\fP]")
    for entry in entries:
        if entry["kind"] == "positional":
            word = f"\\fI{roff(entry['valueName'])}\\fP" + (" ..." if entry["isRepeating"] else "")
            words.append(f"[{word}]" if entry["isOptional"] else word)
    if path[-1] in ("trace", "record"):
        words.append("[\\fB\\-\\-\\fP \\fIcommand\\fP ...]")
    return " ".join(words)


def options(command):
    """Entries under the titles that --help gives them."""
    lines = []
    title = None
    for entry in command.get("arguments", []):
        if not entry["shouldDisplay"] or entry["valueName"] in ("help", "version"):
            continue
        if entry.get("sectionTitle") != title:
            title = entry.get("sectionTitle")
            if title:
                lines.append(f'.SS "{roff(title)}"')
        lines += [".TP", name(entry), described(entry)]
    return lines


def shown(command):
    return [one for one in command.get("subcommands", []) if one["shouldDisplay"] and one["commandName"] != "help"]


def page(path, command, version):
    """The page of a command; its subcommands' options stand in it too."""
    title = "-".join(path)
    lines = [f'.\\" Written by scripts/manual.py.', f'.TH {title.upper()} 8 "" "packetwalk {version}" "Packetwalk"',
             ".SH NAME", f"{roff(title)} \\- {roff(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS"]
    leaves = [(path, command)] if not command.get("subcommands") or len(path) == 1 else [
        (path + [one["commandName"]], one) for one in shown(command)]
    for index, (words, leaf) in enumerate(leaves):
        lines += ([".br"] if index else []) + [synopsis(words, leaf)]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION"] + [line for line in roff(command["discussion"]).split("\n") if line]
    elif len(path) > 1:
        lines += [".SH DESCRIPTION", roff(command["abstract"])]
    if len(path) == 1:
        lines.append(".SH COMMANDS")
        for one in shown(command):
            lines += [".TP", f"\\fB{roff(title + '-' + one['commandName'])}\\fP(8)", roff(one["abstract"])]
    elif command.get("subcommands"):
        lines.append(".SH COMMANDS")
        for words, leaf in leaves:
            lines += [f'.SS "{roff(" ".join(words))}"', roff(leaf["abstract"])]
            lines += [line if not line.startswith(".SS") else f".PP\n\\fI{line[5:-1]}\\fP" for line in options(leaf)]
    else:
        own = options(command)
        if own:
            lines += [".SH OPTIONS"] + own
    extra = SECTIONS / f"{title}.roff"
    if extra.exists():
        lines += extra.read_text().rstrip("\n").split("\n")
    lines.append(".SH SEE ALSO")
    others = [f"\\fB{roff(title + '-' + one['commandName'])}\\fP(8)" for one in shown(command)] if len(path) == 1 \
        else ["\\fBpacketwalk\\fP(8)"]
    lines.append(",\n".join(others + ["\\fBip\\-netns\\fP(8)", "\\fBpcap\\-filter\\fP(7)", "\\fBnft\\fP(8)"]))
    return "\n".join(lines) + "\n"


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    run = lambda *words: subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout
    root = json.loads(run("--experimental-dump-help"))["command"]
    version = run("--version").strip()
    pages = {"packetwalk": page(["packetwalk"], root, version)}
    for command in shown(root):
        pages[f"packetwalk-{command['commandName']}"] = page(["packetwalk", command["commandName"]], command, version)
    for title, text in pages.items():
        (folder / f"{title}.8").write_text(text)


main()
