#!/usr/bin/env bash
# Programs that others wrote, through one Weft: each is checked, says its result on one line, and cleans up.
#   examples/tcp/run.sh [PROGRAM...]    pgbench redis iperf3 ssh curl socat; all without arguments
# WEFT_EXAMPLE_MIB (1024) is the size of the large body, WEFT_EXAMPLE_SECONDS (5) how long a measurement takes.
# Run as root on a Debian-like system it installs what is missing; WEFT_TEST_NO_INSTALL=1 turns that off. Everything
# listens on 127.0.0.1, on ports that are free; services of this machine are left alone.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
all=(pgbench redis iperf3 ssh curl socat)
# For each program what it runs, as command:package.
declare -A needs=(
  [pgbench]='initdb:postgresql pgbench:postgresql psql:postgresql-client'
  [redis]='redis-server:redis-server redis-benchmark:redis-tools redis-cli:redis-tools'
  [iperf3]='iperf3:iperf3'
  [ssh]='sshd:openssh-server ssh:openssh-client scp:openssh-client ssh-keygen:openssh-client'
  [curl]='curl:curl'
  [socat]='socat:socat'
)
# shellcheck source=examples/packages.sh
. "$root/examples/packages.sh"
seconds_max=180
export MIB=${WEFT_EXAMPLE_MIB:-1024} SECONDS_EACH=${WEFT_EXAMPLE_SECONDS:-5}
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done

programs=("$@")
if [ $# = 0 ]; then programs=("${all[@]}"); fi
for name in "${programs[@]}"; do
  if [ -z "${needs[$name]:-}" ]; then
    echo "run.sh: there is no program '$name'. Programs: ${all[*]}." >&2
    exit 2
  fi
done
require_build

# Ports for Weft and for the servers, in the environment where weft.config.ts looks for them.
choose_ports() {
  local ports name
  read -ra ports < <(node --eval '
    const servers = Array.from({ length: Number(process.argv[1]) }, () =>
      require("node:net").createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map((s) => new Promise((done) => s.once("listening", done)))).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "));
      for (const server of servers) server.close();
    });' $((2 * ${#all[@]} + 1)))
  export WEFT_ADMIN=127.0.0.1:${ports[0]}
  local next=1
  for name in "${all[@]}"; do
    export "${name^^}_WEFT_PORT=${ports[next]}" "${name^^}_SERVER_PORT=${ports[next + 1]}"
    next=$((next + 2))
  done
}

work=$(mktemp --directory --tmpdir weft-example.XXXXXX)
chmod 711 "$work" # PostgreSQL's user passes through
weft_pid=
finish() {
  if [ -n "$weft_pid" ]; then kill -KILL "$weft_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

start_weft() {
  local attempt
  node "$root/dist/cli/main.js" run --config "$here/weft.config.ts" >"$work/weft.log" 2>&1 &
  weft_pid=$!
  for attempt in $(seq 100); do
    if admin_text ready >/dev/null 2>&1; then return; fi
    if ! kill -0 "$weft_pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$work/weft.log" >&2
  echo "run.sh: Weft is not ready (attempt $attempt)." >&2
  exit 1
}

admin_text() {
  node --eval 'fetch(process.argv[1]).then(async (answer) => {
    process.stdout.write(await answer.text());
    process.exitCode = answer.ok ? 0 : 1;
  }, () => { process.exitCode = 1; })' "http://$WEFT_ADMIN/$1"
}

run_program() {
  local name=$1 packages status=0 began=$SECONDS
  # shellcheck disable=SC2086 # The same.
  packages=$(missing_packages ${needs[$name]})
  if [ -n "$packages" ]; then
    result "$name" 1 0 "is not on this machine: apt-get install ${packages//$'\n'/ }"
    return
  fi
  local weft_port=${name^^}_WEFT_PORT server_port=${name^^}_SERVER_PORT
  mkdir "$work/$name"
  WORK=$work/$name WEFT_PORT=${!weft_port} SERVER_PORT=${!server_port} \
    timeout --kill-after=5 "$seconds_max" bash "$here/programs/$name.sh" \
    >"$work/$name.out" 2>"$work/$name.err" </dev/null || status=$?
  if [ "$status" = 124 ]; then echo "not done after $seconds_max s" >>"$work/$name.err"; fi
  result "$name" "$status" $((SECONDS - began)) "$(tail -n 1 "$work/$name.out")"
  if [ "$status" != 0 ]; then tail -n 20 "$work/$name.err" | sed "s/^/    /"; fi
}

# The reasons for which connections ended, from the metrics, as "finished 120, downstream_reset 3".
ending_counts() {
  admin_text metrics | awk -F '[{}" ]+' '/^weft_connection_close_total/ && $NF > 0 { sums[$3] += $NF }
    END { for (reason in sums) printf "%s%s %d", (n++ ? ", " : ""), reason, sums[reason] }'
}

stop_weft() {
  local status=0 endings
  endings=$(ending_counts)
  kill -TERM "$weft_pid"
  wait "$weft_pid" || status=$?
  weft_pid=
  result weft "$status" 0 "carried all of it and drained; connections: $endings"
  if [ "$status" != 0 ]; then cat "$work/weft.log"; fi
}

# shellcheck disable=SC2046 # One word for each command is what is wanted.
install_missing $(for name in "${programs[@]}"; do echo "${needs[$name]}"; done)
choose_ports
start_weft
for name in "${programs[@]}"; do run_program "$name"; done
stop_weft
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
