#!/bin/bash
# Chromium without a screen, its own sandbox on: a page with scripts and a worker, by an ordinary user
# needs: chromium setpriv python3
# limit: 180
set -eu
mkdir -m 777 home profile
cat >page.html <<'END'
<title>loading</title>
<p id="said">nothing</p>
<script>
const source = new Blob(['let n = 0; for (let i = 0; i < 1e6; i++) n += i; postMessage(n)']);
const worker = new Worker(URL.createObjectURL(source));
worker.onmessage = e => {
	const numbers = new WebAssembly.Memory({ initial: 1 }).buffer.byteLength;
	document.getElementById('said').textContent = 'worker said ' + e.data + ', memory ' + numbers;
};
</script>
END
chmod 644 page.html

# browse ARGUMENT... runs it as an ordinary user: without a sandbox that works it would not start.
browse() {
	HOME=$PWD/home setpriv --reuid nobody --regid nogroup --clear-groups \
		timeout -k 5 60 chromium --headless --disable-gpu --no-first-run --user-data-dir="$PWD/profile" --virtual-time-budget=5000 "$@"
}

browse --dump-dom "file://$PWD/page.html" | grep '<p id'

# a renderer that crashes
status=0
browse --dump-dom chrome://crash >/dev/null 2>&1 || status=$?
echo "crash ends with $status"
browse --screenshot="$PWD/profile/page.png" "file://$PWD/page.html" 2>/dev/null
python3 -c 'import sys; data = open("profile/page.png", "rb").read(); print(data[1:4].decode(), len(data) > 1000)'
