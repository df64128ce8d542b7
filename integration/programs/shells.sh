#!/bin/bash
# Job control in dash, bash and zsh on a terminal: Ctrl-C, Ctrl-Z, Ctrl-\, fg, bg, wait, traps, pipelines
# needs: dash bash zsh python3
# limit: 120
python3 - <<'END'
import fcntl, os, pty, re, select, struct, sys, termios, time

SHELLS = {
    "dash": ["dash", "-i"],
    "bash": ["bash", "--norc", "--noediting", "-i"],
    "zsh": ["zsh", "-f", "-i", "-o", "nozle", "-o", "nopromptcr", "-o", "nopromptsp"],
}
CTRL_C, CTRL_BACKSLASH, CTRL_Z = "\x03", "\x1c", "\x1a"

# What is typed: lines, each with the program that then has the terminal, and a key for it.
TYPED = [
    ("ulimit -c 0; trap 'echo trapped' USR1",),
    ("sleep 101", "sleep", CTRL_Z), ("jobs",), ("fg", "sleep", CTRL_C),
    ("sleep 102", "sleep", CTRL_BACKSLASH),
    ("sh -c 'trap \"echo cleaned up; exit 7\" INT; sleep 104; :'", "sh", CTRL_C),
    ("cat | cat | cat", "cat", CTRL_Z), ("kill -TERM %1; sleep 0.5",), ("fg",),
    ("cat >/dev/null & sleep 0.5",), ("jobs",), ("kill -KILL %1; sleep 0.5",), ("jobs",),
    ("sleep 103", "sleep", CTRL_Z), ("bg",), ("kill -STOP %%; sleep 0.5",), ("jobs",),
    ("kill -CONT %%; sleep 0.5",), ("jobs",), ("kill %%; sleep 0.5",),
    ("(sleep 0.2; exit 5) & wait $!",),
    ("kill -USR1 $$; (sleep 0.5; kill -USR1 $$; sleep 0.5) & wait",), ("wait",),
    ("sh -c 'kill -SEGV $$'",), ("sh -c 'kill -KILL $$' | true",), ("yes | head -n 1",),
    ("python3 -c 'import os, signal; os.kill(os.getpid(), signal.SIGSTOP); print(\"gone on\")'",), ("fg",),
    ("i=0; while [ $i -lt 100 ]; do /bin/true & i=$((i+1)); done; wait",),
    ("stty size",),
]


class Terminal:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="", PS2="", TERM="dumb", HISTFILE="", ENV="", LC_ALL="C")
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        quiet = termios.tcgetattr(self.fd)
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, quiet)

    # read returns what is printed until the mark comes.
    def read(self, mark, seconds=20):
        text, end = "", time.time() + seconds
        while mark not in text:
            if not select.select([self.fd], [], [], max(0, end - time.time()))[0]:
                return text + "[nothing more came]\n"
            text += os.read(self.fd, 4096).decode(errors="replace")
        return text.replace(mark, "")

    def type(self, text):
        os.write(self.fd, text.encode())

    # foreground waits until what has the terminal is the shell itself or, by its name, another.
    def foreground(self, name=None, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            try:
                group = os.tcgetpgrp(self.fd)
                if group == self.pid if name is None else group != self.pid and command_of(group) == name:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        print(f"[{name or 'the shell'} never had the terminal]")


def command_of(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


# stable makes the numbers of processes alike, and drops what a shell tells of the ends of jobs when it likes.
def stable(text):
    lines = re.sub(r"(?<!\[)\b\d{3,7}\b", "N", re.sub(r"sleep 10\d", "sleep", text.replace("\r", ""))).split("\n")
    lines = [re.sub(r"^(\[\d+\]) *[-+]? *", r"\1 ", line) for line in lines]
    return [line for line in lines if line and not re.match(r"\[\d+\] (N\b|[Dd]one)", line)]


for name, command in SHELLS.items():
    terminal = Terminal(command)
    for line, *key in TYPED:
        terminal.type(line + "\n")
        if key:
            terminal.foreground(key[0])
            time.sleep(0.3)  # for it to set its traps
            terminal.type(key[1])
            terminal.foreground()
        terminal.type("echo \"[$?]\" ma''rk\n")
        print(f"{name}: {line}", *stable(terminal.read(" mark")), sep="\n    ", flush=True)
    terminal.type("exit 3\n")
    print(f"{name}: ended with", os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]))
END
