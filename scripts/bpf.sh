#!/bin/sh
# Builds the drop probe's BPF program into the file named. The clang of the Swift toolchain comes first, so that the
# object beside the source can be made again byte for byte.
set -eu
target=$(realpath "$1")
cd "$(dirname "$0")/../Sources/Probes/Drops"
clang=$(dirname "$(command -v swift)")/clang
if [ ! -x "$clang" ]; then clang=clang; fi
exec "$clang" -target bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Werror -c kfree_skb.bpf.c -o "$target"
