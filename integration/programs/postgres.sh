#!/bin/bash
# PostgreSQL: initdb, start, pgbench, parallel workers, cancel, crash of a server process, reload, stop
# needs: setpriv pgbench psql
# limit: 180
set -eu
bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -n 1)")
mkdir -m 700 data socket
chown postgres data socket
as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
query() { as psql -h "$PWD/socket" -d postgres -X -A -t -q -v ON_ERROR_STOP=1 "$@"; }
control() { as "$bin/pg_ctl" -D data -s -w "$@"; }
sleeper() { query -c "select pid from pg_stat_activity where wait_event = 'PgSleep'"; }

# interrupted HOW does it to a server process that sleeps, and prints what its client is told.
interrupted() {
	query -c 'select pg_sleep(30)' 2>told &
	until [ -n "$(sleeper)" ]; do sleep 0.1; done
	as "$@" "$(sleeper)"
	wait $! || head -n 1 told
}

as "$bin/initdb" -D data -A trust --no-sync >initdb.log
control -l /dev/null -o "-k '$PWD/socket' -c listen_addresses=" start
as pgbench -h "$PWD/socket" -i -s 1 -q postgres 2>/dev/null
as pgbench -h "$PWD/socket" -c 8 -j 2 -t 500 -n postgres 2>/dev/null |
	grep -E '^number of (clients|threads|transactions (actually|per)|failed)'
query -c 'select count(*), sum(delta) = (select sum(abalance) from pgbench_accounts) from pgbench_history'
query -c 'set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
	explain (analyze, costs off, timing off, summary off) select count(*) from pgbench_accounts' | grep Workers
query -c "copy (select 1) to program 'cat >/dev/null; exit 3'" 2>&1 | grep -E '^(ERROR|DETAIL)'
interrupted kill -INT
control reload
interrupted kill -KILL
until query -c "select 'recovered', count(*) from pgbench_history" 2>/dev/null; do sleep 0.1; done
control -m fast stop
"$bin/pg_controldata" data | sed -n 's/^Database cluster state: */state: /p'
