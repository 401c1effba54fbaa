# What the programs share. Each is started by run.sh with WORK (a folder of its own), WEFT_PORT, SERVER_PORT, MIB and
# SECONDS_EACH, and prints what it found on one line. The server that it starts ends with it.
# shellcheck shell=bash

set -euo pipefail

host=127.0.0.1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
server_pid=

stop_server() {
  if [ -n "$server_pid" ]; then
    kill -s "${stop_signal:-TERM}" "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
}
trap stop_server EXIT
trap 'exit 143' TERM INT HUP

fail() {
  echo "$*" >&2
  exit 1
}

# Starts the server in the background and waits until it listens. Nobody connects to find out.
start_server() {
  "$@" >"$WORK/server.log" 2>&1 </dev/null &
  server_pid=$!
  local listening attempt
  listening=$(printf '0100007F:%04X 00000000:0000 0A' "$SERVER_PORT")
  for attempt in $(seq 300); do
    if grep -q "$listening" /proc/net/tcp; then
      return
    fi
    if ! kill -0 "$server_pid" 2>/dev/null; then
      break
    fi
    sleep 0.1
  done
  cat "$WORK/server.log" >&2
  fail "the server does not listen on $host:$SERVER_PORT (attempt $attempt)"
}

sum_of() {
  sha256sum | cut -d ' ' -f 1
}

same() {
  [ "$2" = "$3" ] || fail "$1: expected $2, got $3"
}

stream() {
  node "$here/stream.mjs" "$@"
}
