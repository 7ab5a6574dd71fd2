#!/bin/sh
# Cold and warm `make run`: seconds from the command to the first answered request.
#
#     sh benchmarks/bench_run.sh FOLDER
#
# Clones this checkout into FOLDER, runs `make run` there twice on a port of its own, and prints both times. The first
# run makes the virtual environment, the cluster and the demo; packages of Debian that are installed stay installed.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
port=${YUKI_PORT:-8790}
git clone -q "$here" "$1"
cd "$1"

until_answer() {
  started=$(date +%s.%N)
  YUKI_PORT=$port setsid make run >"run-$1.log" 2>&1 &
  maker=$!
  until curl -sf "http://127.0.0.1:$port/healthz" >/dev/null 2>&1; do
    kill -0 "$maker" 2>/dev/null || { cat "run-$1.log"; exit 1; }
    sleep 0.1
  done
  curl -sf "http://127.0.0.1:$port/status/snapshot" >/dev/null
  echo "$1: $(echo "$(date +%s.%N) - $started" | bc) s"
  pkill -INT -s "$maker" -f 'yukimichi up' || true
  wait "$maker" || true
}

until_answer cold
until_answer warm
