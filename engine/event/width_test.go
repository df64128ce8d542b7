package event

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// formats is where the kernel says which arguments its calls take (CONFIG_FTRACE_SYSCALLS).
const formats = "/sys/kernel/tracing/events/syscalls"

// narrow are the C types of arguments of which a 64-bit kernel ignores upper bits, with how many it takes.
var narrow = map[string]int{
	"int": 32, "unsigned int": 32, "unsigned": 32, "u32": 32, "__u32": 32, "__s32": 32, "uint32_t": 32, "pid_t": 32, "uid_t": 32, "gid_t": 32, "qid_t": 32,
	"clockid_t": 32, "const clockid_t": 32, "timer_t": 32, "mqd_t": 32, "key_t": 32, "key_serial_t": 32, "rwf_t": 32, "enum landlock_rule_type": 32, "const int": 32, "const __u32": 32, "umode_t": 16,
}

var formatField = regexp.MustCompile(`field:(.*\S)\s+\w+;\toffset:(\d+);`)

// kernelWidths returns how many bits of each of a call's arguments the kernel takes.
func kernelWidths(name string) (widths []int) {
	b, err := os.ReadFile(filepath.Join(formats, "sys_enter_"+name, "format"))
	if err != nil {
		return nil
	}
	_, fields, _ := strings.Cut(string(b), "__syscall_nr")
	for _, m := range formatField.FindAllStringSubmatch(fields, -1) {
		width := 64
		if n, ok := narrow[m[1]]; ok {
			width = n
		}
		widths = append(widths, width)
	}
	return widths
}

// otherWidths are parameters that are compared by other bits, and why.
var otherWidths = map[string]string{
	"ptrace.pid": declared, "mmap.fd": declared, "readv.fd": declared, "writev.fd": declared, "preadv.fd": declared, "pwritev.fd": declared,
	"preadv2.fd": declared, "pwritev2.fd": declared, "preadv.iovcnt": declared, "pwritev.iovcnt": declared,
	"read.size": asFalco, "write.size": asFalco, "pread.size": asFalco, "pwrite.size": asFalco, "sendto.size": asFalco, "recvfrom.size": asFalco,
	"mkdir.mode": asFalco, "mkdirat.mode": asFalco, "semctl.val": asFalco,
	"setns.nstype": "it is a sum of bits with names, of which none is above the 32nd",
}

const (
	declared = "the kernel declares it as a long, and takes an int of it"
	asFalco  = "Falco has it so, and no more than a size, a mode or a value is at stake"
)

// A call's argument is as wide as the kernel takes it: bits that it ignores must not make another of a number.
func TestParametersAreAsWideAsTheKernelTakesThem(t *testing.T) {
	if _, err := os.Stat(formats); err != nil {
		t.Skipf("needs the kernel's formats of calls: %v", err)
	}
	compared := 0
	for i := range Table {
		row := &Table[i]
		for _, name := range row.Names() {
			for j, width := range kernelWidths(name) {
				if j >= len(row.Params) || row.Params[j].In != nil {
					break
				}
				compared++
				p := &row.Params[j]
				if differs := p.Type.Width() != width; differs && otherWidths[row.Name+"."+p.Name] == "" {
					t.Errorf("%s of %s: got %d bits, the kernel takes %d", p.Name, name, p.Type.Width(), width)
				}
			}
		}
	}
	if compared < 400 {
		t.Errorf("got %d parameters compared, want 400 or more", compared)
	}
}
