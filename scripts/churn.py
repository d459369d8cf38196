"""Reads the walks of scripts/churn.sh: each packet must have been where its addresses are, and nowhere else."""

import json
import sys


def owner(address):
    parts = [int(part) for part in address.split(".")] if address.count(".") == 3 else []
    if parts[:1] != [198] or parts[1:3] == [18, 0]:
        return None
    return "c%d" % ((parts[1] - 18) * 60000 + (parts[2] - 1) * 250 + parts[3] - 1)


walks = wrong = delivered = whole = 0
for line in open(sys.argv[1]):
    walk = json.loads(line)
    owners = {owner(walk["source"]), owner(walk["destination"])} - {None}
    if len(owners) != 1:
        continue
    walks += 1
    expected = owners | {"host"}
    names = {hop["namespace"] for hop in walk["hops"] if hop.get("namespace")}
    if not names <= expected:
        wrong += 1
        if wrong <= 5:
            print("a packet of %s was seen in %s: %s" % (", ".join(owners), ", ".join(sorted(names - expected)), line))
    delivered += walk["outcome"] == "delivered"
    whole += names == expected
print("%d walks, %d delivered, %d seen at both ends, %d in a wrong namespace" % (walks, delivered, whole, wrong))
sys.exit(1 if wrong or walks == 0 else 0)
