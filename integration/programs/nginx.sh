#!/bin/bash
# nginx: reload, a new binary in place of the old, and its graceful end, each with a request under way
# needs: nginx python3
# limit: 60
set -eu
mkdir body
head -c 4000000 /dev/urandom >file
cat >nginx.conf <<-END
	worker_processes 2;
	pid $PWD/nginx.pid;
	error_log $PWD/error.log;
	events { }
	http {
		access_log off;
		client_body_temp_path $PWD/body;
		server { listen unix:$PWD/socket; root $PWD; limit_rate 4m; }
	}
END
chmod 755 . && chmod 777 body
nginx=("$(type -P nginx)" -e "$PWD/error.log" -c "$PWD/nginx.conf") # by its path, for the upgrade

# request prints whether a file that takes a second to send comes whole.
request() {
	python3 - "$1" <<-'END'
		import hashlib, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect("socket")
		s.sendall(b"GET /file HTTP/1.0\r\n\r\n")
		open("started", "w")
		answer = s.makefile("rb").read()
		same = answer.partition(b"\r\n\r\n")[2] == open("file", "rb").read()
		print(sys.argv[1], answer.split()[1].decode(), "whole" if same else "cut off")
	END
}

# during WHAT COMMAND... runs it while a request is under way.
during() {
	rm -f started
	request "$1" &
	until [ -e started ]; do sleep 0.05; done
	"${@:2}"
	wait $!
}

master() { cat nginx.pid; }
gone() { while kill -0 "$1" 2>/dev/null; do sleep 0.05; done; }

# upgrade has a new master take over the sockets, and ends the old one.
upgrade() {
	local old
	old=$(master)
	kill -USR2 "$old"
	until [ -e nginx.pid.oldbin ] && [ -s nginx.pid ]; do sleep 0.05; done
	kill -QUIT "$old"
	gone "$old"
	[ "$(master)" != "$old" ] && echo upgraded
}

# stop ends it when all requests are answered.
stop() {
	local old
	old=$(master)
	kill -QUIT "$old"
	gone "$old"
}

"${nginx[@]}"
during reload "${nginx[@]}" -s reload
during upgrade upgrade
kill -WINCH "$(master)" # its workers end, gracefully
while pgrep -P "$(master)" >/dev/null; do sleep 0.05; done
kill -HUP "$(master)"
request again
during stop stop
sed -n 's/.*\[\(alert\|crit\|emerg\)\] [0-9#]*: */\1 /p' error.log
