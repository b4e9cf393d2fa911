#!/usr/bin/env bash
# Instructions of each operation, counted by valgrind: the same on every run, whatever else the machine does.
#
#   benches/instructions.sh [FILTER]      rows whose name contains FILTER; all without
#
# Only what is inside the measured region counts, and the difference of two runs takes out what happens once.
# Valgrind knows no AVX-512: code that asks the processor takes its AVX2 path here.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build -q -p socketio-benches --release --features peers --bin instructions
program="${CARGO_TARGET_DIR:-target}/release/instructions"

count() { # ROW CONTENDER TIMES
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured_region*' \
    "$program" "$@" 2>&1 | awk '/Collected/ {print $NF}'
}

few=4 many=36
printf '| row | contender | instructions |\n| --- | --- | ---: |\n'
"$program" | while IFS=$'\t' read -r row contender; do
  case "$row" in *"${1:-}"*) ;; *) continue ;; esac
  once=$(count "$row" "$contender" $few </dev/null)
  more=$(count "$row" "$contender" $many </dev/null)
  printf '| %s | %s | %d |\n' "$row" "$contender" $(((more - once) / (many - few)))
done
