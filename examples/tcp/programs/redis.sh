#!/usr/bin/env bash
# redis-benchmark, small and large values, pipelined and not; then one large value there and back.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
start_server redis-server --bind "$host" --port "$SERVER_PORT" --save '' --appendonly no --dir "$WORK"

bench() {
  redis-benchmark -h "$host" -p "$WEFT_PORT" --csv "$@" >"$WORK/bench.csv" 2>"$WORK/bench.log" ||
    fail "redis-benchmark $*: $(cat "$WORK/bench.csv" "$WORK/bench.log")"
  ! grep -qi error "$WORK/bench.log" || fail "redis-benchmark $*: $(cat "$WORK/bench.log")"
}
requests=$((SECONDS_EACH * 10000))
bench -c 50 -n "$requests" -t set,get
rate=$(sed -n 's/^"GET","\([0-9]*\).*/\1/p' "$WORK/bench.csv")
bench -c 50 -n "$requests" -P 16 -t set,lrange_100
bench -c 8 -n $((requests / 50)) -d 262144 -t set,get

cli() {
  redis-cli -h "$host" -p "$WEFT_PORT" "$@"
}
bytes=$((64 * 1024 * 1024))
same 'answer to SET' OK "$(stream print $bytes | cli -x set large)"
same 'length of the value' $bytes "$(cli strlen large)"
# redis-cli ends what it prints with a line feed.
same 'checksum of the value' "$(stream sum $bytes)" "$(cli get large | head --bytes=$bytes | sum_of)"
echo "50 clients: ${rate:?no rate} GET/s; pipelines and 256 KiB values; 64 MiB in one value agree"
