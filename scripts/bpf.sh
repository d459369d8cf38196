#!/bin/sh
# Builds a BPF program, the drop probe's where none is named, into the file named. The clang of the Swift toolchain comes first, so that the
# object beside the source can be made again byte for byte.
#   bpf.sh FILE [SOURCE]   builds it
#   bpf.sh --check         status 0 where the Swift toolchain's clang can, and is the one that the shipped object was built by
set -eu
clang=$(dirname "$(command -v swift)")/clang
if [ "$1" = --check ]; then
    shipped=$(dirname "$0")/../Sources/Probes/Drops/kfree_skb.bpf.o
    [ -x "$clang" ] && "$clang" --print-targets | grep -qw bpf &&
        grep -qaF "$("$clang" --version | head -n 1)" "$shipped"
    exit
fi
target=$(realpath "$1")
source=$(realpath "${2:-$(dirname "$0")/../Sources/Probes/Drops/kfree_skb.bpf.c}")
cd "$(dirname "$source")"
if [ ! -x "$clang" ]; then clang=clang; fi
exec "$clang" -target bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Werror -c "$(basename "$source")" -o "$target"
