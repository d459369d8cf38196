#!/bin/sh
# Writes fixtures/snapshots again: what the program prints now as help, walks and findings. Build the tests first.
set -eu
cd "$(dirname "$0")/.."
PACKETWALK_WRITE_SNAPSHOTS=1 swift test --skip-build --filter SnapshotTests
git status --short fixtures/snapshots
