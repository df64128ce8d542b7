#!/bin/bash
# redis with redis-benchmark, a save in the background, and its end by SIGTERM
# needs: redis-server redis-benchmark redis-cli
# limit: 120
set -eu
redis-server --unixsocket "$PWD/socket" --port 0 --save '' --appendonly yes >redis.log &
server=$!
cli() { redis-cli -s socket "$@"; }
until cli ping >/dev/null 2>&1; do sleep 0.1; done
redis-benchmark -s socket -n 50000 -c 50 -q -t ping,set,get,incr,lpush,lpop,mset | tr '\r' '\n' | sed -n 's/: .*per second.*//p'
cli get counter:__rand_int__
cli bgsave
until [ "$(cli info persistence | tr -d '\r' | sed -n 's/^rdb_bgsave_in_progress://p')" = 0 ]; do sleep 0.1; done
cli info persistence | tr -d '\r' | grep -E '^(rdb_last_bgsave_status|aof_last_write_status)'
cli dbsize
kill -TERM $server
wait $server && echo "ended with $?"
redis-check-rdb dump.rdb | sed -n 's/.*\(CRC64.*\|RDB looks OK.*\)/\1/p'
