#!/bin/sh
# Fuzzes each target for the number of seconds given; new inputs go to .cache/fuzz, a crash ends the run with its input.
set -eu
seconds=${1:-60}
for binary in build/fuzz/tests/fuzz/fuzz_*; do
  [ -x "$binary" ] || continue
  name=${binary##*fuzz_}
  mkdir -p ".cache/fuzz/$name"
  echo "== $name"
  "$binary" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=8192 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix=".cache/fuzz/$name-" ".cache/fuzz/$name" 2>&1 | grep -E 'stat::number_of_executed_units|ERROR|SUMMARY' || true
  if ls ".cache/fuzz/$name-crash-"* ".cache/fuzz/$name-timeout-"* ".cache/fuzz/$name-oom-"* >/dev/null 2>&1; then
    echo "a finding for $name lies in .cache/fuzz" >&2
    exit 1
  fi
done
