#!/bin/sh
# Writes Sources/CEmbedded/embedded.S: which files the program carries inside, so that a copy of it needs nothing beside it.
# A test holds that list against the folders.
set -eu
cd "$(dirname "$0")/.."
out=Sources/CEmbedded/embedded.S
{
    cat <<'HEAD'
/* Written by scripts/embed.sh. Each file: the length of its name and of its text in bytes (32 bits each, in the machine's
   order), its name, its text. The folders are looked for from include/ on. */
        .section .rodata
        .globl packetwalk_files_begin
packetwalk_files_begin:
HEAD
    { find fixtures/labs -type f ! -name README.md ! -name '*.c' ! -name expected-hops.txt; echo docs/findings.md; } |
        LC_ALL=C sort | while read -r file; do
        name=${file#fixtures/}
        printf '        .long %d, 2f-1f\n        .ascii "%s"\n1:      .incbin "../../../%s"\n2:\n' "${#name}" "$name" "$file"
    done
    cat <<'TAIL'
        .globl packetwalk_files_end
packetwalk_files_end:
        .section .note.GNU-stack,"",@progbits
TAIL
} >"$out"
