#!/usr/bin/env python3
"""Every lab against its twin: what `explain` says in the lab, and what `predict` says of the lab's snapshot.

scripts/twin-labs.py [--hide] [--program PATH] [--out FILE] [LAB...]

Prints a line a lab that differs, and the score: same outcome, same first finding (code, place, rule), same hops one for
one. With --hide what lies beyond each lab's uplink can't be seen, as on a real host. --out keeps both walks, a line a lab.
"""
import argparse, json, os, shlex, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def labs(program):
    text = subprocess.run([program, "lab", "list", "--format", "json"], capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def description(name):
    """The lab's probe and far ends, of its own or of the labs that it is based on."""
    with open(f"{ROOT}/fixtures/labs/{name}/lab.json") as file:
        own = json.load(file)
    if "base" in own:
        probe, far = description(own["base"])
    else:
        probe, far = None, []
    return own.get("probe", probe), own.get("far", far)


def walks(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def place(hop):
    packet = hop["packet"]
    return [hop["namespace"], hop["device"], hop["vantage"], hop["direction"], hop["hook"], hop["stage"],
            hop.get("edge"), packet["source"], packet["destination"], packet.get("ttl")]


def hops(walk):
    """Sightings: a routing decision or a drop is told only where it can be heard."""
    return [place(hop) for hop in walk["hops"] if hop["vantage"] in ("link", "netfilter")]


def finding(walk):
    if not walk["findings"]:
        return None
    first = walk["findings"][0]
    rule = first["rule"] or {}
    return [first["code"], first["where"], rule.get("table"), rule.get("chain"), rule.get("text")]


def run(program, name, hide, timeout):
    probe, far = description(name)
    if not probe or not probe.get("explain"):
        return None
    arguments = ["--from", probe["from"]] + probe["explain"] + ["--format", "json"]
    words = " ".join(shlex.quote(word) for word in arguments)
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        os.chmod(folder, 0o777)
        script = (f"{program} snapshot -o {folder}/s.json 2>{folder}/snapshot.err\n"
                  f"{program} explain {words} >{folder}/lab 2>{folder}/lab.err; echo $? >{folder}/lab.rc\n")
        options = [word for space in far if hide and space != probe["from"] for word in ("--hide", space)]
        shell = subprocess.run([program, "lab", "shell", name] + options, input=script, capture_output=True, text=True,
                               timeout=timeout)
        if not os.path.exists(f"{folder}/s.json"):
            error = open(f"{folder}/snapshot.err").read() if os.path.exists(f"{folder}/snapshot.err") else shell.stderr
            return {"lab": name, "error": "snapshot: " + error.strip()[-400:]}
        twin = subprocess.run([program, "predict", "--snapshot", f"{folder}/s.json"] + arguments, capture_output=True,
                              text=True, timeout=timeout)
        own, other = walks(open(f"{folder}/lab").read()), walks(twin.stdout)
        result = {"lab": name, "own": own, "twin": other, "statuses": [open(f"{folder}/lab.rc").read().strip(),
                  str(twin.returncode)], "stderr": twin.stderr.strip()[-800:]}
    if not own or not other:
        result["error"] = "no walk: " + result["stderr"]
        return result
    result["outcome"] = own[0]["outcome"] == other[0]["outcome"] and result["statuses"][0] == result["statuses"][1]
    result["finding"] = finding(own[0]) == finding(other[0])
    result["hops"] = hops(own[0]) == hops(other[0])
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hide", action="store_true")
    parser.add_argument("--program", default=f"{ROOT}/.build/debug/packetwalk")
    parser.add_argument("--out")
    parser.add_argument("--timeout", type=float, default=90)
    parser.add_argument("labs", nargs="*")
    options = parser.parse_args()
    score = {"labs": 0, "outcome": 0, "finding": 0, "hops": 0, "error": 0}
    out = open(options.out, "w") if options.out else None
    for lab in labs(options.program):
        name = lab["name"]
        if options.labs and name not in options.labs or "docker" in lab["needs"]:
            continue
        try:
            result = run(options.program, name, options.hide, options.timeout)
        except subprocess.TimeoutExpired:
            result = {"lab": name, "error": "took too long"}
        if result is None:
            continue
        score["labs"] += 1
        if "error" in result:
            score["error"] += 1
            print(f"{name}: {result['error']}", flush=True)
        else:
            wrong = [key for key in ("outcome", "finding", "hops") if not result[key]]
            for key in ("outcome", "finding", "hops"):
                score[key] += result[key]
            if wrong:
                own, twin = result["own"][0], result["twin"][0]
                print(f"{name}: {', '.join(wrong)} differ", flush=True)
                if "outcome" in wrong:
                    print(f"    outcome {own['outcome']} / {twin['outcome']}, statuses {result['statuses']}")
                if "finding" in wrong:
                    print(f"    lab  {finding(own)}\n    twin {finding(twin)}")
                if "hops" in wrong:
                    pairs = list(zip(hops(own) + [None] * 99, hops(twin) + [None] * 99))
                    index, pair = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1])
                    print(f"    hop {index + 1}: lab {pair[0]}\n            twin {pair[1]}")
                if result["stderr"]:
                    print("    " + result["stderr"].replace("\n", "\n    ")[:600])
        if out:
            out.write(json.dumps(result) + "\n")
            out.flush()
    print(score)


main()
