#!/bin/bash
# CPython's own tests of subprocesses, signals, threads and multiprocessing
# needs: /usr/bin/python3.11
# limit: 900
/usr/bin/python3.11 -m test -j 2 --junit-xml tests.xml test_subprocess test_signal test_threading test_multiprocessing_fork \
	test_multiprocessing_forkserver test_multiprocessing_spawn test_multiprocessing_main_handling >&2
status=$?
/usr/bin/python3.11 - <<'END' | sort
import xml.etree.ElementTree as tree
for case in tree.parse("tests.xml").iter("testcase"):
    how = [e.tag for e in case if e.tag in ("failure", "error", "skipped")]
    print(case.get("name"), *how or ["passed"])
END
exit $status
