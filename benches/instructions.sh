#!/usr/bin/env bash
# Instructions of each operation, counted by valgrind: the same on every run, whatever else the machine does.
#
#   benches/instructions.sh [FILTER]..    rows whose name contains one of these; all without
#
# Only what is inside the measured region counts, and the difference of two runs takes out what happens once.
# Valgrind knows no AVX-512: code that asks the processor takes its AVX2 path here.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build -q -p socketio-benches --release --features peers --bin instructions
program="${CARGO_TARGET_DIR:-target}/release/instructions"
few=4 many=36

count() { # ROW CONTENDER TIMES
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured_region*' \
    "$program" "$@" 2>&1 </dev/null | awk '/Collected/ {print $NF}'
}

wanted() { # ROW FILTER..
  local row=$1
  shift
  [ $# -eq 0 ] && return
  for filter; do [[ $row == *"$filter"* ]] && return; done
  return 1
}

"$program" | while IFS=$'\t' read -r row contender; do
  [[ $contender == limit:* ]] || ! wanted "$row" "$@" && continue
  once=$(count "$row" "$contender" $few)
  more=$(count "$row" "$contender" $many)
  printf '%s\t%s\t%d\n' "$row" "$contender" $(((more - once) / (many - few)))
done | awk -F'\t' '
  BEGIN { print "| row | way | ours | peer | ratio |\n| --- | --- | ---: | ---: | ---: |" }
  $1 != row { flush(); row = $1 }
  sub(/^ours: /, "", $2) { way[++ways] = $2; ours[ways] = $3; next }
  !peer || $3 < peer { peer = $3 }
  END { flush() }
  function flush(i) {
    for (i = 1; i <= ways; i++)
      printf "| %s | %s | %d | %s | %s |\n", row, way[i], ours[i], peer ? peer : "–", peer ? sprintf("%.2f", peer / ours[i]) : "–"
    ways = peer = 0
  }'
