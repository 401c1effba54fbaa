#!/usr/bin/env bash
# socat and half-close: the server answers with a checksum once its client has ended its half, and not before.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
start_server socat "TCP-LISTEN:$SERVER_PORT,bind=$host,reuseaddr,fork" EXEC:sha256sum

bytes=$((MIB * 1024 * 1024 / 16 + 1))
expected=$(stream sum $bytes)
count=10
for number in $(seq $count); do
  answer=$(stream print $bytes | socat -t 30 - "TCP:$host:$WEFT_PORT" | cut -d ' ' -f 1)
  same "answer $number after the half-close" "$expected" "$answer"
done
echo "$count answers came after the client's end, $bytes bytes each"
