#!/bin/sh
# The JSON of all labs' recordings: scripts/golden.sh [PROGRAM]
#
#   scripts/golden.sh                 writes fixtures/golden/*.jsonl.zst again, as `replay` gives it now
#   scripts/golden.sh diff            shows what `replay` gives otherwise than what is written there (walk by walk,
#                                     a key a line), and writes nothing
#   scripts/golden.sh record LAB…     runs labs anew under `explain` and `trace`, and writes recordings and JSON
#
# $PACKETWALK is the program, .build/debug/packetwalk where it is not set.
set -eu
cd "$(dirname "$0")/.."
program=${PACKETWALK:-.build/debug/packetwalk}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

replay() { # NAME
    "$program" replay "fixtures/golden/$1.pcapng.zst" --packets --format json >"$work/$1.jsonl" || [ $? -eq 1 ]
}
write() { # NAME
    replay "$1"
    zstd -q -19 -f "$work/$1.jsonl" -o "fixtures/golden/$1.jsonl.zst"
}
lines() { python3 -c 'import json, sys
for line in sys.stdin: print(json.dumps(json.loads(line), indent=1, sort_keys=True, ensure_ascii=False))'; }

if [ "${1:-}" = record ]; then
    shift
    for lab in "$@"; do
        "$program" lab run "$lab" --record "$work/$lab.explain.pcapng" -q >/dev/null || [ $? -eq 1 ]
        "$program" lab run "$lab" --trace --record "$work/$lab.trace.pcapng" -q >/dev/null || true
        for way in explain trace; do
            zstd -q -19 -f "$work/$lab.$way.pcapng" -o "fixtures/golden/$lab.$way.pcapng.zst"
            write "$lab.$way"
        done
    done
    exit 0
fi
for file in fixtures/golden/*.pcapng.zst; do
    name=${file##*/}
    name=${name%.pcapng.zst}
    if [ "${1:-}" = diff ]; then
        replay "$name"
        zstd -dcq "fixtures/golden/$name.jsonl.zst" >"$work/$name.old"
        cmp -s "$work/$name.old" "$work/$name.jsonl" && continue
        lines <"$work/$name.old" >"$work/$name.a"
        lines <"$work/$name.jsonl" >"$work/$name.b"
        diff -u --label "$name, written down" --label "$name, now" "$work/$name.a" "$work/$name.b" || true
    else
        write "$name"
    fi
done
