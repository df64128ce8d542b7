#!/bin/sh
# Harmless deeds of the kind that rules are about, for `make run`. Each is announced
# before it is done; what lacks a program or a right says so. Nothing leaves this
# machine, and nothing stays.
set -u

scratch=$(mktemp -d) || exit 1
shared=
trap 'rm -rf "$scratch" $shared' EXIT

deed() { echo "# $*"; }
missed() { echo "  (not done here: $*)"; }
have() { command -v "$1" >/dev/null 2>&1; }

deed "reading the shadow file"
cat /etc/shadow >/dev/null 2>&1 || missed "this user may not"

deed "making a link to it"
ln -s /etc/shadow "$scratch/innocent"

deed "running a program from /dev/shm"
if shared=$(mktemp -d /dev/shm/demo.XXXXXX 2>/dev/null) && cp /bin/true "$shared/payload" && "$shared/payload"; then
	:
else
	missed "no /dev/shm, or it is mounted noexec"
fi

deed "starting a shell whose input and output are a socket"
if have python3; then
	python3 - <<'EOF'
import os, socket
server = socket.create_server(("127.0.0.1", 0))
if not os.fork():
    client = socket.create_connection(server.getsockname())
    for fd in (0, 1):
        os.dup2(client.fileno(), fd)
    os.execv("/bin/sh", ["sh"])
master, _ = server.accept()
master.sendall(b"echo caught\nexit\n")
master.makefile().read()
os.wait()
EOF
else
	missed "no python3"
fi

deed "running a program that never was a file"
if have python3; then
	python3 -c 'import os
f = os.memfd_create("payload")
os.write(f, open("/bin/true", "rb").read())
os.execv("/proc/self/fd/%d" % f, ["payload"])'
else
	missed "no python3"
fi

deed "leaving an ssh key behind"
mkdir -p "$scratch/.ssh"
echo "ssh-ed25519 AAAA nobody" >>"$scratch/.ssh/authorized_keys"

deed "setting the setuid bit on a program"
cp /bin/true "$scratch/true"
chmod u+s "$scratch/true"

deed "erasing a shell's history"
echo ls >"$scratch/.bash_history"
rm "$scratch/.bash_history"

deed "preloading a library into a program"
env LD_PRELOAD=/tmp/no-such-library.so true 2>/dev/null

deed "opening a raw socket onto the wire"
if have python3; then
	python3 -c 'import socket
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
except PermissionError:
    print("  (not done here: this user may not)")'
else
	missed "no python3"
fi

echo "# done: above, between the deeds, are the alerts that they raised"
