#!/usr/bin/env bash
# iperf3: to the server, from it (-R), and both at once (--bidir), each with four streams.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
start_server iperf3 --server --bind "$host" --port "$SERVER_PORT"

# Prints what arrived, in MiB/s, for each direction of the answer.
read_answer='
const { error, end } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
if (error) throw new Error(error);
const sums = [end.sum_received, end.sum_received_bidir_reverse].filter(Boolean);
if (sums.some(({ bytes }) => bytes === 0)) throw new Error("nothing arrived");
console.log(sums.map((sum) => Math.round(sum.bits_per_second / 8 / 1048576)).join("+"));'

measure() {
  iperf3 --client "$host" --port "$WEFT_PORT" --parallel 4 --time "$SECONDS_EACH" --json "$@" \
    >"$WORK/answer.json" || fail "iperf3 $*: $(grep '"error"' "$WORK/answer.json")"
  node --eval "$read_answer" <"$WORK/answer.json"
}
there=$(measure)
back=$(measure --reverse)
both=$(measure --bidir)
[[ $both == *+* ]] || fail "--bidir measured one direction only: $both"
echo "MiB/s there $there, back $back, both at once $both"
