#!/bin/sh
# Feeds decoders with hostile bytes: scripts/fuzz.sh AMOUNT [TARGET…]
#
#   scripts/fuzz.sh 20              every target for 20 seconds
#   scripts/fuzz.sh 1000000r        every target for a million runs
#   scripts/fuzz.sh 600 WireDissect one target for ten minutes
#
# A target is a file Fuzz/NAME.swift that defines LLVMFuzzerTestOneInput. Lines in it say what it needs:
#
#   // fuzz-rooms: Wire Network       the modules it imports and theirs, in the order of the build; CLinux counts
#   // fuzz-files: Sources/A/B.swift  sources of a module too large to link, compiled with the target (optional)
#   // fuzz-link: -lz -lzstd          more libraries (optional)
#   // fuzz-max-length: 2048          the longest input in bytes (optional, 1024)
#   // fuzz-one-in: 1000              a slow target: one run for a thousand of the others', none for fewer than a million,
#                                     and then it is not built either (optional)
#
# Seeds stand in fixtures/fuzz/NAME/. What libFuzzer adds stays in .build-fuzz/corpus/NAME/, an input that crashed
# in .build-fuzz/crashes/. The status is 1 where a target crashed, took more than ten seconds for one input or grew
# beyond 1 GB.
set -eu
cd "$(dirname "$0")/.."

amount=${1:-20}
[ $# -gt 0 ] && shift
if [ $# -eq 0 ]; then
    for file in Fuzz/*.swift; do
        name=${file##*/}
        set -- "$@" "${name%.swift}"
    done
fi

out=.build-fuzz
mkdir -p "$out/modules/CLinux" "$out/modules/CEmbedded" "$out/crashes"
# Optimised, as the tool is; arithmetic still traps.
swift="swiftc -O -enable-testing -swift-version 6 -package-name packetwalk -parse-as-library -warnings-as-errors -sanitize=fuzzer,address -use-ld=lld
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility"
includes="-I $out/modules -I Sources/CNetlink -I Sources/CPcap -I Sources/CCompression
    $(pkg-config --cflags-only-I libnftables 2>/dev/null || true)"
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang

# room NAME: builds a module unless it is newer than its sources and than every module before it.
newest=
room() {
    object=$out/modules/$1.o
    if [ -f "$object" ] && [ -z "$(find "Sources/$1" scripts/fuzz.sh -type f -newer "$object")" ] &&
        { [ -z "$newest" ] || [ -z "$(find "$newest" -newer "$object")" ]; }; then
        :
    elif [ "$1" = CLinux ] || [ "$1" = CEmbedded ]; then
        printf 'module %s {\n    umbrella "%s"\n    export *\n}\n' "$1" "$PWD/Sources/$1/include" \
            >"$out/modules/$1/module.modulemap"
        "$clang" -g -O1 -fsanitize=address,fuzzer-no-link "-ISources/$1/include" -r -nostdlib -o "$object" \
            $(find "Sources/$1" -name "*.c" -o -name "*.S")
    else
        # shellcheck disable=SC2086,SC2046
        $swift $includes -I "$out/modules/CLinux" -I "$out/modules/CEmbedded" -wmo -module-name "$1" -emit-module \
            -emit-module-path "$out/modules/$1.swiftmodule" -emit-object -o "$object" \
            $(find "Sources/$1" -name '*.swift')
    fi
    if [ -z "$newest" ] || [ "$object" -nt "$newest" ]; then newest=$object; fi
    objects="$objects $object"
}

setting() { sed -n "s|^// fuzz-$1: *||p" "Fuzz/$2.swift"; }

# limit TARGET: how long it runs, as libFuzzer takes it; nothing where that is less than once.
limit() {
    share=$(setting one-in "$1")
    case $amount in
        *r) if [ -z "$share" ] || [ "${amount%r}" -ge 1000000 ]; then echo "-runs=$((${amount%r} / ${share:-1}))"; fi ;;
        *) echo "-max_total_time=${amount%s}" ;;
    esac
}

status=0
total=0
for target in "$@"; do
    if [ ! -f "Fuzz/$target.swift" ]; then
        echo "fuzz: no target $target: Fuzz/$target.swift does not exist" >&2
        exit 64
    fi
    limit=$(limit "$target")
    [ -n "$limit" ] || continue
    objects=
    newest=
    for name in $(setting rooms "$target"); do
        # What it carries inside comes with it.
        if [ "$name" = LinuxSystem ]; then room CEmbedded; fi
        room "$name"
    done
    program=$out/$target
    files="Fuzz/$target.swift $(setting files "$target")"
    # shellcheck disable=SC2086
    if [ ! -f "$program" ] || [ -n "$(find $files $newest -newer "$program")" ]; then
        # shellcheck disable=SC2086,SC2046
        $swift $includes -I "$out/modules/CLinux" -I "$out/modules/CEmbedded" -module-name "Fuzz$target" -o "$program" $files \
            $objects $(setting link "$target")
    fi
    maximum=$(setting max-length "$target")
    mkdir -p "$out/corpus/$target" "fixtures/fuzz/$target"
    log=$out/$target.log
    # A trap would otherwise wait in Swift's backtracer.
    if SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 "$program" "$limit" -max_len="${maximum:-1024}" \
        -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$out/crashes/$target-" "$out/corpus/$target" \
        "fixtures/fuzz/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^Done \([0-9]*\) runs in .*/\1/p' "$log")
        total=$((total + ${runs:-0}))
        echo "fuzz: $target: $runs runs$(sed -n 's/^Done [0-9]* runs\( in [0-9]*\) second.*/\1 s/p' "$log")"
    else
        tail -n 40 "$log" >&2
        echo "fuzz: $target failed; the input stands in $out/crashes/, the log in $log" >&2
        status=1
    fi
done
echo "fuzz: $total runs in all"
exit $status
