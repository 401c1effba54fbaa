#!/usr/bin/env bash
# Clients and servers of HTTP/1.1 that others wrote, with one Weft between them: each is checked, says its result on one
# line, and cleans up.
#   examples/http/run.sh [CLIENT...]    curl wget ab wrk requests httpx aiohttp node go chromium;
#                                   all without arguments
# Run as root on a Debian-like system it installs what is missing; WEFT_TEST_NO_INSTALL=1 turns that off. Everything
# listens on 127.0.0.1, on ports that are free; services of this machine are left alone.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
all=(curl wget ab wrk requests httpx aiohttp node go chromium)
servers='nginx:nginx-light apache2:apache2-bin'
# For each client what it runs, as command:package.
declare -A needs=(
  [curl]='curl:curl' [wget]='wget:wget' [ab]='ab:apache2-utils' [wrk]='wrk:wrk' [node]=''
  [go]='go:golang-go' [chromium]='chromium:chromium'
  [requests]='python3:python3' [httpx]='python3:python3' [aiohttp]='python3:python3'
)
# shellcheck source=examples/packages.sh
. "$root/examples/packages.sh"

clients=("$@")
if [ $# = 0 ]; then clients=("${all[@]}"); fi
for name in "${clients[@]}"; do
  if [ -z "${needs[$name]+known}" ]; then
    echo "run.sh: there is no client '$name'. Clients: ${all[*]}." >&2
    exit 2
  fi
done
require_build

# Debian's own, for which Debian has the libraries.
python=/usr/bin/python3

work=$(mktemp --directory --tmpdir weft-example.XXXXXX)
chmod 755 "$work"
pids=()
finish() {
  if [ ${#pids[@]} -gt 0 ]; then kill -KILL "${pids[@]}" 2>/dev/null || true; fi
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# Python's libraries have no commands to look for.
python_packages() {
  local name
  for name in requests httpx aiohttp; do
    if [[ " ${clients[*]} " == *" $name "* ]] && ! "$python" -c "import $name" 2>/dev/null; then
      echo "python3-$name-is-missing:python3-$name"
    fi
  done
}

free_ports() {
  node --eval '
    const servers = Array.from({ length: Number(process.argv[1]) }, () =>
      require("node:net").createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map((s) => new Promise((done) => s.once("listening", done)))).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "));
      for (const server of servers) server.close();
    });' "$1"
}

# No client waits for ever.
curl() { command curl --max-time 60 "$@"; }

# Until an URL answers.
await() {
  local attempt
  for attempt in $(seq 100); do
    if curl --silent --fail --output "$work/answer" "$1"; then return; fi
    sleep 0.1
  done
  cat "$work"/*.log >&2
  echo "run.sh: $1 does not answer (attempt $attempt)." >&2
  exit 1
}

# NAME, and the command that says its port in $work/NAME.port
start_application() {
  local name=$1 attempt
  "${@:2}" >"$work/$name.port" &
  pids+=($!)
  for attempt in $(seq 100); do
    if [ -s "$work/$name.port" ]; then return; fi
    sleep 0.1
  done
  echo "run.sh: $name says no port (attempt $attempt)." >&2
  exit 1
}

# Go's server is there for Go's client alone: compiling its library may take a minute.
start_go() {
  if [[ " ${clients[*]} " != *' go '* ]] || ! command -v go >/dev/null; then
    echo "$nobody_port" >"$work/go.port"
    return
  fi
  CGO_ENABLED=0 GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o "$work/go" "$here/go/main.go"
  start_application go "$work/go" serve
}

make_files() {
  mkdir -p "$work/www/many"
  echo hello >"$work/www/hello.txt"
  head -c 67108864 /dev/urandom >"$work/www/large"
  local index
  for index in $(seq 100); do
    head -c $((index * 300)) /dev/urandom >"$work/www/many/$index"
    echo "<a href=\"$index\">$index</a>"
  done >"$work/www/many/index.html"
  chmod -R a+rX "$work/www"
}

start_nginx() {
  cat >"$work/nginx.conf" <<CONF
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $work;
  proxy_temp_path $work;
  fastcgi_temp_path $work;
  uwsgi_temp_path $work;
  scgi_temp_path $work;
  server { listen 127.0.0.1:$1; root $work/www; }
}
CONF
  nginx -e "$work/nginx.log" -c "$work/nginx.conf" &
  pids+=($!)
}

start_apache() {
  local modules=/usr/lib/apache2/modules
  cat >"$work/apache.conf" <<CONF
ServerName localhost
ServerRoot $work
PidFile $work/apache.pid
ErrorLog $work/apache.log
Listen 127.0.0.1:$1
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
DocumentRoot $work/www
ThreadsPerChild 100
ThreadLimit 100
MaxRequestWorkers 100
KeepAliveTimeout 1
CONF
  if [ "$(id -u)" = 0 ]; then printf 'User nobody\nGroup nogroup\n' >>"$work/apache.conf"; fi
  apache2 -X -d "$work" -f "$work/apache.conf" &
  pids+=($!)
}

same() {
  if ! cmp --silent "$1" "$2"; then
    echo "$1 is not what $2 is" >&2
    return 1
  fi
}

run_curl() {
  local index urls=()
  curl --silent --fail --show-error "$base/nginx/large" >"$work/got"
  same "$work/got" "$work/www/large"
  curl --silent --fail --show-error --range 1000-1999999 "$base/apache/large" >"$work/got"
  same "$work/got" <(tail -c +1001 "$work/www/large" | head -c 1999000)
  curl --silent --fail --show-error --header 'Transfer-Encoding: chunked' --data-binary "@$work/www/large" \
    "$base/sum" >"$work/got"
  grep --quiet "$(sha256sum <"$work/www/large" | cut -d' ' -f1)" "$work/got"
  curl --silent --fail --show-error --header 'Expect: 100-continue' --data-binary "@$work/www/many/100" \
    "$base/echo" >"$work/got"
  same "$work/got" "$work/www/many/100"
  for index in $(seq 100); do urls+=(--output "$work/got.$index" "$base/nginx/many/$index"); done
  curl --silent --fail --show-error "${urls[@]}"
  for index in $(seq 100); do same "$work/got.$index" "$work/www/many/$index"; done
  curl --silent --fail --show-error --http1.0 "$base/apache/hello.txt" | grep --quiet hello
  curl --silent --fail --show-error --head "$base/nginx/large" | grep --quiet --ignore-case 'content-length: 67108864'
  echo '64 MiB down and up in chunks, a range, Expect, HEAD, HTTP/1.0, 100 files on one connection'
}

run_wget() {
  wget --timeout 20 --tries 1 --quiet --recursive --no-parent --no-host-directories --directory-prefix "$work/mirror" "$base/nginx/many/"
  diff --recursive "$work/mirror/nginx/many" "$work/www/many"
  echo 'a folder of 100 files mirrored'
}

run_ab() {
  ab -q -s 30 -k -n 5000 -c 20 "$base/apache/hello.txt" >"$work/ab.txt"
  grep --quiet '^Complete requests: *5000$' "$work/ab.txt"
  grep --quiet '^Failed requests: *0$' "$work/ab.txt"
  echo "5,000 requests, none failed: $(sed -n 's/^Requests per second: *\([0-9]*\).*/\1/p' "$work/ab.txt") a second"
}

run_wrk() {
  wrk --threads 1 --connections 50 --duration 3s "$base/nginx/hello.txt" >"$work/wrk.txt"
  if grep --quiet -e 'Socket errors' -e 'Non-2xx' "$work/wrk.txt"; then cat "$work/wrk.txt" >&2 && return 1; fi
  echo "50 connections, no errors: $(sed -n 's/^Requests\/sec: *\([0-9]*\).*/\1/p' "$work/wrk.txt") a second"
}

run_requests() { "$python" "$here/client.py" requests "$base"; }
run_httpx() { "$python" "$here/client.py" httpx "$base"; }
run_aiohttp() { "$python" "$here/client.py" aiohttp "$base"; }
run_node() { node "$here/client.mjs" "$base"; }
run_go() { "$work/go" client "$base"; }
run_chromium() { node "$here/browser.mjs" "$base"; }

run_client() {
  local name=$1 status=0 began=$SECONDS
  (
    set -euo pipefail
    "run_$name"
  ) </dev/null >"$work/$name.out" 2>"$work/$name.err" || status=$?
  result "$name" "$status" $((SECONDS - began)) "$(tail -n 1 "$work/$name.out")"
  if [ "$status" != 0 ]; then tail -n 20 "$work/$name.err" | sed "s/^/    /"; fi
}

stop_weft() {
  local status=0 responses
  responses=$(curl --silent "http://$admin/metrics" | awk '/^response_total/ {
    match($0, /status_code="[0-9]+"/); sums[substr($0, RSTART + 13, RLENGTH - 14)] += $NF
  } END { for (code in sums) printf "%s%s %d", (n++ ? ", " : ""), code, sums[code] }')
  kill -TERM "$weft_pid"
  wait "$weft_pid" || status=$?
  result weft "$status" 0 "carried all of it and drained; responses: $responses"
  if [ "$status" != 0 ]; then cat "$work/weft.log"; fi
}

# shellcheck disable=SC2046,SC2086 # One word for each command is what is wanted.
install_missing $servers $(for name in "${clients[@]}"; do echo "${needs[$name]}"; done) $(python_packages)
make_files
read -r weft_port admin_port nginx_port apache_port nobody_port <<<"$(free_ports 5)"
start_nginx "$nginx_port"
start_apache "$apache_port"
start_application node node "$here/server.mjs"
start_go
await "http://127.0.0.1:$nginx_port/hello.txt"
await "http://127.0.0.1:$apache_port/hello.txt"
base=http://127.0.0.1:$weft_port
admin=127.0.0.1:$admin_port
LISTEN=127.0.0.1:$weft_port NGINX=127.0.0.1:$nginx_port APACHE=127.0.0.1:$apache_port \
  GO=127.0.0.1:$(cat "$work/go.port") APPLICATION=127.0.0.1:$(cat "$work/node.port") \
  node "$root/dist/cli/main.js" run --config "$here/weft.config.ts" --admin "$admin" >"$work/weft.log" 2>&1 &
weft_pid=$!
pids+=("$weft_pid")
await "http://$admin/ready"
for name in "${clients[@]}"; do run_client "$name"; done
stop_weft
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
