#!/bin/bash
# runc: a container's start, a command in it, its stop and its end
# needs: runc busybox python3
# limit: 120
set -eu
mkdir -p rootfs/bin
cp "$(type -P busybox)" rootfs/bin
for name in sh id ps cat sleep kill; do ln -s busybox "rootfs/bin/$name"; done
container() { runc --root "$PWD/state" "$@"; }
runc spec

# configure COMMAND has the container run it.
configure() {
	python3 - "$1" <<-'END'
		import json, sys
		spec = json.load(open("config.json"))
		spec["process"].update(terminal=False, args=["sh", "-c", sys.argv[1]])
		json.dump(spec, open("config.json", "w"))
	END
}

configure 'id; echo "process $$"; ps | grep -c sh; cat /proc/self/status | grep -E "CapEff|NoNewPrivs"; exit 3'
container run "tiercel-$$-1" || echo "run ends with $?"

name=tiercel-$$-2
configure 'trap "exit 4" TERM; while :; do sleep 0.1; done'
container run --detach "$name" </dev/null >log 2>&1
container exec "$name" sh -c 'id -u; exit 6' || echo "exec ends with $?"
container pause "$name" && container list | awk '$1 == "'"$name"'" { print $3 }'
container resume "$name"
container kill "$name" TERM
until [ "$(container state "$name" | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = stopped ]; do sleep 0.1; done
container delete "$name"
container list | wc -l
