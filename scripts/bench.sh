#!/bin/sh
# Measures replay, beside what other programs do with the same packets in the same run.
#   scripts/bench.sh           all of it: up to ten million observations, 2.5 GB of files that are removed again
#   scripts/bench.sh 1000000   no recording larger than a million
set -eu
cd "$(dirname "$0")/.."
largest=${1:-10000000}
out=.build-bench
mkdir -p "$out"
room=$(df -Pk "$out" | awk 'NR == 2 { print $4 }')
if [ "$room" -lt $((largest / 4)) ]; then
    echo "bench: $((largest / 4000)) MB of disk are needed in $out, $((room / 1000)) are free" >&2
    exit 74
fi
swift build --package-path Benchmarks --scratch-path "$out/build" -c release --quiet
programs=$(swift build --package-path Benchmarks --scratch-path "$out/build" -c release --show-bin-path)
command=.build/release/packetwalk
file=$out/bench.pcapng
small=$out/small.pcapng
trap 'rm -f "$file" "$small" "$out/copy.pcap" "$out/result"' EXIT
trap 'exit 130' INT TERM

# One core for everybody; `clock COMMAND…` sets seconds, those of the processor, since others may be busy too.
core="taskset -c 0"
clock() {
    # shellcheck disable=SC2086
    seconds=$( { TIMEFORMAT='%U %S'; export TIMEFORMAT; bash -c 'time "$@" >/dev/null 2>&1' clock $core "$@"; } 2>&1 |
        awk '{ printf "%.3f", $1 + $2 }')
}

"$programs/RoomBenchmarks" --iterations 5 --warmup-iterations 1

echo
echo 'from file to walks, on one core; seconds are those of the processor'
printf '%12s %7s %10s %14s %12s %10s\n' observations points walks 'observations/s' 'ns each' 'peak MiB'
generate() { "$programs/replay-rate" "${3:-generate}" "$file" "$1" "$2"; }
replay() {
    $core "$programs/replay-rate" replay "$file" >"$out/result"
    read -r observations walks arrived seconds _ peak <"$out/result"
    if [ "$walks" != "$arrived" ]; then
        echo "bench: $arrived of $walks walks arrived" >&2
        exit 1
    fi
    awk "BEGIN { printf \"%12d %7d %10d %14d %12.0f %10.1f\n\", $observations, $1, $walks, $observations / $seconds,
        $seconds / $observations * 1e9, $peak / 1024 }"
}
for points in 2 10 100; do
    generate $((largest / 10)) $points
    replay $points
done
for count in 100000 1000000 10000000; do
    if [ "$count" -gt "$largest" ]; then break; fi
    generate "$count" 5
    replay 5
    if [ "$count" = 100000 ]; then cp "$file" "$small"; fi
done

# Beside what other programs do with the packets of the last recording.
line() { awk "BEGIN { printf \"%-38s %14d %8.2f\n\", \"$1\", $observations / $2, $2 / $ours }"; }
compare() {
    ours=$seconds
    echo
    printf '%-38s %14s %8s\n' "the same $observations packets" 'packets/s' ratio
    line 'packetwalk, from file to walks' "$ours"
    # By the clock, where there is a processor for the thread that reads: what others do at the time counts too.
    "$programs/replay-rate" replay "$file" >"$out/result"
    read -r _ _ _ _ seconds _ <"$out/result"
    line 'the same by the clock, on all cores' "$seconds"
    $core "$programs/replay-rate" read "$file" >"$out/result"
    read -r _ _ _ seconds _ _ <"$out/result"
    line 'packetwalk, reading alone' "$seconds"
    clock tcpdump -r "$file" -nn -q
    line 'tcpdump -r -nn -q' "$seconds"
    clock tcpdump -r "$file" -w "$out/copy.pcap"
    rm -f "$out/copy.pcap"
    line 'tcpdump -r -w (a copy)' "$seconds"
    clock tshark -n -r "$file"
    line 'tshark -n -r' "$seconds"
    echo 'ratio: how many times as long as packetwalk, from file to walks'
}
compare

echo
echo 'every packet a flow of its own, 200 senders and 60000 ports, nothing of conntrack known'
generate 1000000 5 generate-flows
replay 5
compare

echo
printf '%-38s %14s\n' 'the command on 100000 observations' 'packets/s'
for options in '--summary' '--format json' '--color never' '-q'; do
    # shellcheck disable=SC2086
    clock "$command" replay "$small" $options
    awk "BEGIN { printf \"%-38s %14d\n\", \"replay $options\", 100000 / $seconds }"
done
