#!/bin/bash
# Runs every test that `make test` has built, in parts: scripts/test.sh
#
# What measures how much the probes keep up with runs alone. Suites that go through their tests one at a time mostly wait, and two
# of them run side by side. All others share the processors at the end. The first part that fails ends the run: what failed in it
# is said once more, and its summary last.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=.build/test-logs
mkdir -p "$logs"

# A hundred senders at once; twenty containers of a real Docker engine for ten seconds (make docker: a minute).
alone='CrowdTests|DockerEngineTests'
first='KernelProbeTests|DiscoveryScenarioTests|ExperimentTests|SideEffectTests|LiveScreenTests|WorkingLabTests'
second='HostileCircumstancesTests|SignalTests|RuleTraceLabTests|SamplingScenarioTests|DropWitnessTests|MapScenarioTests|KillTests'

# suites PATTERN: as the options --filter and --skip take them.
suites() { echo "ScenarioTests\\.($1)\\b"; }

# tests LOG OPTION...: what fails is said again at the end of LOG.
tests() {
    local log=$logs/$1 status
    shift
    ${SWIFT:-swift} test --skip-build "$@" 2>&1 | tee "$log"
    status=$?
    [ $status = 0 ] || again "$log"
    return $status
}

again() {
    echo
    grep -a '^✘' "$1" | grep -av '^✘ Test run with'
    grep -a 'Test run with' "$1" | tail -n 1
}

for suite in ${alone//|/ }; do
    tests "$suite" --filter "$(suites "$suite")" || exit
done

# The second of the two is run without the package manager, which lets no other one of itself work in this folder.
bundle=$(find "$PWD/.build/debug/" -maxdepth 1 -name '*.xctest')
"$bundle" --testing-library swift-testing --skip-build --filter "$(suites "$second")" >"$logs/second" 2>&1 &
beside=$!
tests first --filter "$(suites "$first")"; status=$?
wait $beside || { status=$?; cat "$logs/second"; again "$logs/second"; }
[ $status = 0 ] || exit $status
cat "$logs/second"

tests others --skip "$(suites "$alone|$first|$second")" || exit
