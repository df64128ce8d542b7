#!/bin/sh
# The first process of the machines that kernels.sh boots: makes the machine
# ready, runs the tests, says how they ended, and switches off. What it prints
# for kernels.sh to read begins with "tiercel:".
export PATH=/usr/local/bin:/usr/sbin:/usr/bin HOME=/root TMPDIR=/tmp

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts /run
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
for folder in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
	ln -sf "/proc/self/${folder#*:}" "/dev/${folder%%:*}"
done
for module in /modules/*; do
	insmod "$module"
done
hostname "$(cat /etc/hostname)"
busybox ip link set lo up
# An interface that drops all: what dials elsewhere gets as far as with a network.
busybox ip addr add 192.0.2.1/24 dev dummy0
busybox ip link set dummy0 up
busybox ip route add default via 192.0.2.2

echo "tiercel: kernel $(uname -r)"
tiercel doctor
cd /tests || exit
TIERCEL_SOURCE=$SOURCE TIERCEL_BINARY=/usr/local/bin/tiercel ./integration.test -test.v -test.timeout 30m -test.run "$RUN"
echo "tiercel: status $?"
busybox poweroff -f
