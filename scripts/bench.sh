#!/bin/sh
# Measures replay, beside what other programs do with the same packets in the same run.
#   scripts/bench.sh           all of it: up to ten million observations
#   scripts/bench.sh 1000000   no recording larger than a million
set -eu
cd "$(dirname "$0")/.."
largest=${1:-10000000}
out=.build-bench
mkdir -p "$out"
swift build --package-path Benchmarks --scratch-path "$out/build" -c release --quiet
programs=$(swift build --package-path Benchmarks --scratch-path "$out/build" -c release --show-bin-path)
file=$out/bench.pcapng
trap 'rm -f "$file" "$out/copy.pcap"' EXIT

# One core for everybody; `clock COMMAND…` sets seconds.
core="taskset -c 0"
clock() {
    start=$(date +%s%N)
    $core "$@" >/dev/null 2>&1
    end=$(date +%s%N)
    seconds=$(awk "BEGIN { printf \"%.3f\", ($end - $start) / 1e9 }")
}

"$programs/RoomBenchmarks" --iterations 5 --warmup-iterations 1 || true

echo
printf '%12s %7s %10s %14s %10s\n' observations points walks 'observations/s' 'peak MiB'
replay() {
    "$programs/replay-rate" generate "$file" "$1" "$2"
    $core "$programs/replay-rate" replay "$file" >"$out/result"
    read -r observations walks delivered processor seconds peak <"$out/result"
    if [ "$walks" != "$delivered" ]; then echo "bench: $delivered of $walks walks arrived" >&2; fi
    awk "BEGIN { printf \"%12d %7d %10d %14d %10.1f\n\", $observations, $2, $walks, $observations / $seconds, $peak / 1024 }"
}
for points in 2 10 100; do replay $((largest / 10)) $points; done
for count in 100000 1000000 10000000; do
    if [ "$count" -le "$largest" ]; then replay $count 5; fi
done

# The last recording is the largest.
ours=$seconds
echo
printf '%-32s %14s %8s\n' "the same $observations packets" 'packets/s' ratio
line() { awk "BEGIN { printf \"%-32s %14d %8.2f\n\", \"$1\", $observations / $2, $2 / $ours }"; }
line 'packetwalk, file to walks' "$ours"
$core "$programs/replay-rate" read "$file" >"$out/result"
read -r _ _ _ _ seconds _ <"$out/result"
line 'packetwalk, reading alone' "$seconds"
clock tcpdump -r "$file" -nn -q
line 'tcpdump -r -nn -q' "$seconds"
clock tcpdump -r "$file" -w "$out/copy.pcap"
line 'tcpdump -r -w (a copy)' "$seconds"
clock tshark -n -r "$file"
line 'tshark -n -r' "$seconds"
echo 'ratio: how many times as long as packetwalk, file to walks'
