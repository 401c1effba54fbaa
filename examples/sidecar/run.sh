#!/usr/bin/env bash
# Two hosts, each a network namespace with a Weft of its own and the rules of `weft init`. Two databases, a web server
# and a mail server on one are used from the other, with no change to any of them: each is checked, then it is shown
# what both sidecars detected and counted.
#   examples/sidecar/run.sh
# Needs root, because of the namespaces and rules. On a Debian-like system it installs what is missing;
# WEFT_TEST_NO_INSTALL=1 turns that off. Nothing outside the two namespaces is touched.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
needs='ip:iproute2 nft:nftables setpriv:util-linux curl:curl sha256sum:coreutils
  mariadbd:mariadb-server mariadb:mariadb-client initdb:postgresql psql:postgresql-client
  aiosmtpd:python3-aiosmtpd python3:python3'
# shellcheck source=examples/packages.sh
. "$root/examples/packages.sh"
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done

client=weft-example-$$-client
server=weft-example-$$-server
server_ipv4=10.78.0.2
server_ipv6=fd78::2
weft_uid=2102

require_build
if [ "$(id -u)" != 0 ]; then
  echo 'run.sh: it makes network namespaces and rules in them: run it as root.' >&2
  exit 1
fi
# shellcheck disable=SC2086 # One word for each command is what is wanted.
install_missing $needs
# shellcheck disable=SC2086 # The same.
missing=$(missing_packages $needs)
if [ -n "$missing" ]; then
  echo "run.sh: this machine lacks packages: apt-get install ${missing//$'\n'/ }" >&2
  exit 1
fi

work=$(mktemp --directory --tmpdir weft-example.XXXXXX)
chmod 711 "$work" # Weft's user passes through
declare -A weft_pids=()
server_pids=()

finish() {
  if [ ${#weft_pids[@]} -gt 0 ]; then kill -KILL "${weft_pids[@]}" 2>/dev/null || true; fi
  if [ ${#server_pids[@]} -gt 0 ]; then kill -KILL "${server_pids[@]}" 2>/dev/null || true; fi
  wait 2>/dev/null || true
  ip netns delete "$client" 2>/dev/null || true
  ip netns delete "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

on() { ip netns exec "$@"; }

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

# NAMESPACE IPV4 IPV6
set_up_host() {
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "$2/24" dev eth0
  ip -n "$1" address add "$3/64" dev eth0 nodad
}

make_hosts() {
  ip netns add "$client"
  ip netns add "$server"
  ip -n "$client" link add eth0 type veth peer name eth0 netns "$server"
  set_up_host "$client" 10.78.0.1 fd78::1
  set_up_host "$server" "$server_ipv4" "$server_ipv6"
}

# WHAT COMMAND...: until the command succeeds
wait_for() {
  local what=$1 attempt
  shift
  for attempt in $(seq 150); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  tail -n 20 "$work"/*.log >&2
  fail "$what is not there after $attempt attempts"
}

admin_text() { on "$1" curl --silent --show-error --fail --max-time 5 "http://127.0.0.1:4191/$2"; }

# Weft's user may not be allowed to read a clone in somebody's home: Weft sees it, and node, in the work folder.
start_weft() {
  mkdir -p "$work/clone"
  touch "$work/node"
  ip netns exec "$1" bash -c 'mount --bind "$1" "$3/clone" && mount --bind "$2" "$3/node" &&
    exec setpriv --reuid "$4" --regid "$4" --clear-groups --no-new-privs \
      "$3/node" "$3/clone/dist/cli/main.js" run --config "$3/clone/examples/sidecar/weft.config.ts"' \
    weft "$root" "$(command -v node)" "$work" "$weft_uid" >"$work/$1.log" 2>&1 &
  weft_pids[$1]=$!
  wait_for "Weft in $1" admin_text "$1" ready
  on "$1" node "$root/dist/cli/main.js" init >>"$work/rules.log" 2>&1 || fail "$(cat "$work/rules.log")"
}

# LOG COMMAND...: in the background, on the host of the servers
serve() {
  ip netns exec "$server" "${@:2}" >"$work/$1.log" 2>&1 </dev/null &
  server_pids+=($!)
}

listens() { on "$server" ss --listening --tcp --numeric --no-header "sport = $1" | grep -q .; }

start_mariadb() {
  cat >"$work/mariadb.sql" <<'SQL'
CREATE DATABASE shop;
CREATE USER weft@'%';
GRANT ALL ON shop.* TO weft@'%';
SQL
  local options=(--no-defaults "--datadir=$work/mariadb" --user=root)
  mariadb-install-db "${options[@]}" --auth-root-authentication-method=normal >"$work/install.log" 2>&1
  serve mariadb mariadbd "${options[@]}" "--socket=$work/mariadb.sock" "--pid-file=$work/mariadb.pid" \
    "--init-file=$work/mariadb.sql" --skip-name-resolve '--bind-address=*' --port=3306
}

# It refuses to run as root.
start_postgres() {
  local as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
  mkdir "$work/postgres"
  chown nobody "$work/postgres"
  "${as_nobody[@]}" initdb --pgdata "$work/postgres" --auth trust --username weft >"$work/initdb.log" 2>&1
  echo 'host all all all trust' >>"$work/postgres/pg_hba.conf"
  serve postgres "${as_nobody[@]}" postgres -D "$work/postgres" -h '*' -k "$work/postgres" -c fsync=off
}

start_servers() {
  start_mariadb
  start_postgres
  mkdir "$work/site"
  head -c 8388608 /dev/urandom >"$work/site/file"
  serve web python3 -m http.server 80 --bind :: --directory "$work/site"
  serve mail env PYTHONUNBUFFERED=1 aiosmtpd --nosetuid --listen "$server_ipv4:25"
  wait_for 'the web server' listens 80
  wait_for 'the mail server' listens 25
  wait_for MariaDB listens 3306
  wait_for PostgreSQL listens 5432
}

use_mariadb() {
  local host answer
  for host in "$server_ipv4" "$server_ipv6"; do
    answer=$(on "$client" mariadb --no-defaults --host "$host" --user weft --batch --skip-column-names shop --execute '
      CREATE OR REPLACE TABLE basket (id INT PRIMARY KEY, goods VARCHAR(100));
      INSERT INTO basket SELECT seq, REPEAT("x", 100) FROM seq_1_to_10000;
      SELECT COUNT(*), SUM(LENGTH(goods)) FROM basket;')
    [ "$answer" = $'10000\t1000000' ] || return 1
  done
  echo '10,000 rows written and counted, over IPv4 and IPv6'
}

use_postgres() {
  local host answer
  for host in "$server_ipv4" "$server_ipv6"; do
    answer=$(on "$client" psql --host "$host" --username weft --dbname postgres --no-align --tuples-only --command '
      SELECT COUNT(*), SUM(LENGTH(goods)) FROM (
        SELECT REPEAT($$x$$, 100) AS goods FROM GENERATE_SERIES(1, 10000)) AS basket')
    [ "$answer" = '10000|1000000' ] || return 1
  done
  echo '10,000 rows made and counted, over IPv4 and IPv6'
}

use_web() {
  local host expected
  expected=$(sha256sum <"$work/site/file")
  for host in "$server_ipv4" "[$server_ipv6]"; do
    [ "$(on "$client" curl --silent --fail "http://$host/file" | sha256sum)" = "$expected" ] || return 1
  done
  echo '8 MiB with the right checksum, over IPv4 and IPv6'
}

use_mail() {
  printf 'Subject: order\r\n\r\nfourty-two needles, %s\r\n' "$$" >"$work/letter"
  on "$client" curl --silent --show-error --mail-from a@example.com --mail-rcpt b@example.com \
    --upload-file "$work/letter" "smtp://$server_ipv4:25"
  grep -q "fourty-two needles, $$" "$work/mail.log" || return 1
  echo 'a letter has arrived'
}

# NAME FUNCTION
check() {
  local status=0 began=$SECONDS said
  said=$("$2" 2>"$work/$1.err") || status=$?
  result "$1" "$status" $((SECONDS - began)) "$said"
  if [ "$status" != 0 ]; then tail -n 20 "$work/$1.err" "$work"/*.log | sed 's/^/    /'; fi
}

# NAMESPACE DIRECTION: what the connections of a sidecar carried, as "http1 2, opaque 3"
detected() {
  admin_text "$1" metrics | awk -v direction="direction=\"$2\"" '
    /^weft_connection_protocol_total/ && index($0, direction) && $NF > 0 {
      match($0, /protocol="[a-z0-9]+"/)
      sums[substr($0, RSTART + 10, RLENGTH - 11)] += $NF
    }
    END { for (protocol in sums) printf "%s%s %d", (n++ ? ", " : ""), protocol, sums[protocol] }'
}

# NAMESPACE DIRECTION: 0 when it saw each connection above once, as what it is
counted() {
  local text
  text=$(detected "$1" "$2")
  echo "$2: $text"
  [[ $text == *http1\ 2* && $text == *opaque\ 5* ]]
}

outbound_counted() { counted "$client" outbound; }
inbound_counted() { counted "$server" inbound; }

opened() { admin_text "$1" metrics | awk '/^tcp_open_total/ { sum += $NF } END { print sum + 0 }'; }

remove_rules() {
  local before host
  before=$(opened "$client")
  for host in "$client" "$server"; do
    on "$host" node "$root/dist/cli/main.js" init --undo >>"$work/rules.log" 2>&1
  done
  on "$client" curl --silent --fail "http://$server_ipv4/file" | cmp --silent - "$work/site/file" || return 1
  [ "$(opened "$client")" = "$before" ] || return 1
  echo 'removed; connections go their own way again'
}

# NAMESPACE
stop_weft() {
  local status=0
  kill -TERM "${weft_pids[$1]}"
  wait "${weft_pids[$1]}" || status=$?
  unset "weft_pids[$1]"
  return "$status"
}

stop_both() {
  stop_weft "$client" && stop_weft "$server"
}

make_hosts
start_servers
start_weft "$server"
start_weft "$client"
check mariadb use_mariadb
check postgres use_postgres
check web use_web
check mail use_mail
check client outbound_counted
check server inbound_counted
check rules remove_rules
status=0
stop_both || status=$?
result weft "$status" 0 'both sidecars drained and ended'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
