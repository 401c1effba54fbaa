#!/usr/bin/env bash
# curl uploads and downloads a large body, then takes many small ones over a few connections.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
start_server node "$here/stream.mjs" serve "$SERVER_PORT"
url=http://$host:$WEFT_PORT
bytes=$((MIB * 1024 * 1024))
sum=$(stream sum $bytes)

up=$(stream print $bytes | curl --silent --show-error --fail --upload-file - "$url/")
same 'checksum of the upload' "$sum" "$up"
down=$(curl --silent --show-error --fail "$url/$bytes" | sum_of)
same 'checksum of the download' "$sum" "$down"
small=$(curl --silent --show-error --fail --fail-early "$url/1000/[1-500]" | wc --bytes)
same 'bytes of 500 small bodies' 500000 "$small"
echo "$MIB MiB up and down agree; 500 small requests"
