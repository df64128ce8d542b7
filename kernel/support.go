package kernel

import (
	"errors"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
)

// btfPath is where a kernel shows its own types (CONFIG_DEBUG_INFO_BTF).
const btfPath = "/sys/kernel/btf/vmlinux"

// Supported returns why the eBPF source could not run here, or nil: it wants the
// kernel's own types, raw tracepoints and ring buffers.
func Supported() error {
	_, btf := os.Stat(btfPath)
	return errors.Join(btf, features.HaveMapType(ebpf.RingBuf), features.HaveProgramType(ebpf.RawTracepoint))
}
