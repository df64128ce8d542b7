#!/bin/bash
# A JVM: jstack, jcmd and an agent attach to it, a child process, an uncaught signal
# needs: java javac jstack jcmd
# limit: 180
set -eu
cat >Main.java <<'END'
import java.nio.file.*;
import java.util.concurrent.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("shutdown hook")));
        var pool = Executors.newFixedThreadPool(16);
        var sizes = new java.util.ArrayList<Future<Integer>>();
        for (int i = 0; i < 200; i++) sizes.add(pool.submit(() -> Files.readString(Path.of("/etc/hostname")).isEmpty() ? 0 : 1));
        int read = 0;
        for (var size : sizes) read += size.get();
        System.out.println("read " + read);
        System.out.println("child " + new ProcessBuilder("sh", "-c", "cat /etc/hostname >/dev/null; exit 7").start().waitFor());
        var killed = new ProcessBuilder("sleep", "30").start();
        killed.destroy();
        System.out.println("destroyed " + killed.waitFor());
        Files.createFile(Path.of("ready"));
        synchronized (Main.class) { Main.class.wait(); }
    }
}
END
javac Main.java
java -Xmx128m -XX:+UseSerialGC -cp . Main >out &
jvm=$!
until [ -e ready ]; do sleep 0.1; done
jstack $jvm | grep -E '^"(main|pool-1-thread-[0-9]+)"|State: WAITING|Main.main' | sed -E 's/ .*(in|tid)=.*//; s/\(Main.*//' | sort | uniq -c
jcmd $jvm Thread.print | grep -c 'pool-1-thread'
jcmd $jvm VM.version | sed -n 2p
jcmd $jvm GC.run | sed -n 2p
jstack -l $jvm >/dev/null && echo 'attached again'
kill -QUIT $jvm # prints its threads, and goes on
sleep 0.5
kill -TERM $jvm
status=0
wait $jvm || status=$?
echo "ended with $status"
grep -E '^(read|child|destroyed|shutdown|Full thread|"main)' out | sed 's/ [#(].*//'
