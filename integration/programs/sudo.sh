#!/bin/bash
# sudo and su, started as root and by an ordinary user that they make root
# needs: sudo su unshare setpriv
# limit: 60
set -eu
ordinary() { setpriv --reuid nobody --regid nogroup --init-groups "$@"; }

sudo -n -u nobody sh -c 'id; cat /etc/shadow' 2>&1 || echo "sudo ends with $?"
su nobody -s /bin/sh -c 'id; exit 5' || echo "su ends with $?"
# shellcheck disable=SC2016 # for the shell of su to expand
su - root -s /bin/sh -c 'echo "$HOME"; kill -TERM $$' || echo "su ends with $?"
sudo -n sh -c 'kill -KILL $$' || echo "sudo ends with $?"
sudo -n sleep 30 & # it hands the signal on
until pgrep -P $! >/dev/null; do sleep 0.05; done
sleep 0.2
kill -TERM $!
wait $! || echo "sudo ends with $?"

cp /usr/bin/id setuid-id
chmod 4755 setuid-id
ordinary ./setuid-id
ordinary sudo -n id 2>&1 || echo "sudo ends with $?"
ordinary su -c id </dev/null 2>&1 || echo "su ends with $?"

# in a mount namespace of its own, where the ordinary user may
cat >sudoers <<-'END'
	root ALL=(ALL) ALL
	nobody ALL=(ALL) NOPASSWD: ALL
	Defaults use_pty
END
chmod 440 sudoers
export -f ordinary
unshare -m bash -c 'mount --bind sudoers /etc/sudoers; ordinary sudo -n sh -c "id; head -c 5 /etc/shadow; echo; exit 9" 2>&1' || echo "sudo ends with $?"
