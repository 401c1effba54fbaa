#!/usr/bin/env bash
# pgbench against a PostgreSQL of its own: bulk load, transactions on lasting and on new connections, and a table
# copied out. The four sums that TPC-B keeps equal say whether a transaction was lost or doubled.
# shellcheck source=examples/tcp/programs/common.sh
source "$(dirname "$0")/common.sh"
stop_signal=INT # a fast shutdown

# PostgreSQL does not run as root.
as_postgres=()
if [ "$(id -u)" = 0 ]; then
  as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
  chown postgres "$WORK"
fi
cd "$WORK"
"${as_postgres[@]}" initdb --pgdata=data --auth=trust --username=postgres --encoding=UTF8 --locale=C \
  --no-sync >initdb.log
start_server "${as_postgres[@]}" postgres -D data -h "$host" -p "$SERVER_PORT" -F \
  -c unix_socket_directories=

export PGUSER=postgres PGDATABASE=postgres PGHOST=$host PGPORT=$WEFT_PORT
query() {
  psql --no-psqlrc --quiet --tuples-only --no-align --command "$1"
}
clients=8
pgbench --initialize --scale=5 --quiet >load.log 2>&1
pgbench --no-vacuum --client=$clients --jobs=2 --time="$SECONDS_EACH" >lasting.log 2>&1
pgbench --no-vacuum --client=$clients --jobs=2 --time="$SECONDS_EACH" --connect >new.log 2>&1
for log in lasting.log new.log; do
  grep -q 'number of failed transactions: 0 ' $log || fail "$(cat $log)"
done

sums='select count(distinct sum) from (
  select sum(abalance) from pgbench_accounts union all select sum(bbalance) from pgbench_branches
  union all select sum(tbalance) from pgbench_tellers union all select sum(delta) from pgbench_history) s'
same 'different sums in the four tables' 1 "$(query "$sums")"
table='copy (select * from pgbench_accounts order by aid) to stdout'
same 'checksum of a table' "$(PGPORT=$SERVER_PORT query "$table" | sum_of)" "$(query "$table" | sum_of)"

per_second() {
  sed -n 's/^tps = \([0-9]*\).*/\1/p' "$1"
}
echo "$clients clients: $(per_second lasting.log) transactions/s," \
  "$(per_second new.log)/s with a connection each; sums and a table agree"
