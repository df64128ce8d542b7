package kernel

import (
	"errors"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"tiercel/engine/event"
)

// operations are the calls that operations of io_uring are like, by the number of
// their kind (uapi/linux/io_uring.h).
var operations = map[int]string{
	16: "connect", 18: "openat", 28: "openat2", 35: "renameat2", 36: "unlinkat", 37: "mkdirat", 38: "symlinkat", 39: "linkat", 45: "socket",
}

// setOperations tells the programs which rows operations have.
func (p *Probe) setOperations() error {
	var rows [64]uint16
	for kind, name := range operations {
		rows[kind] = uint16(event.Lookup(name) + 1)
	}
	return p.objs.OperationRows.Set(rows)
}

// attachOperations attaches the programs that see operations of io_uring, where
// the kernel has the tracepoints for it. What a tracepoint is given has changed
// over the years: the kernel's own types tell.
func (p *Probe) attachOperations() error {
	submit, complete, err := operationTracepoints()
	if err != nil {
		return nil
	}
	ends := p.objs.OperationEndsBefore612
	if takes(complete, 3) {
		ends = p.objs.OperationEnds
	}
	for at, program := range map[string]*ebpf.Program{submit: p.objs.OperationBegins, complete: ends} {
		l, err := attach(at, program)
		if err != nil {
			return err
		}
		p.links = append(p.links, l)
	}
	return nil
}

// errNoRequests says that operations cannot be seen.
var errNoRequests = errors.New("this kernel's tracepoints do not tell of requests")

// operationTracepoints returns where operations are seen to begin and to end, or that they are not.
func operationTracepoints() (submit, complete string, err error) {
	submit, complete = "io_uring_submit_req", "io_uring_complete"
	if !takes(submit, 1) { // before Linux 6.3, since 5.19
		submit = "io_uring_submit_sqe"
	}
	if !takes(submit, 1) || !takes(complete, 2) {
		err = errNoRequests
	}
	return submit, complete, err
}

// kernelTypes returns the running kernel's own types. To read them takes as long
// as to have the programs verified: it is done once.
var kernelTypes = sync.OnceValues(btf.LoadKernelSpec)

// takes reports whether the n-th value that a tracepoint is given (from 1) is a pointer.
func takes(name string, n int) bool {
	spec, err := kernelTypes()
	if err != nil {
		return false
	}
	var typedef *btf.Typedef
	if spec.TypeByName("btf_trace_"+name, &typedef) != nil {
		return false
	}
	pointer, ok := typedef.Type.(*btf.Pointer)
	if !ok {
		return false
	}
	proto, ok := pointer.Target.(*btf.FuncProto)
	if !ok || len(proto.Params) <= n { // the first is the attached program's own
		return false
	}
	_, ok = btf.UnderlyingType(proto.Params[n].Type).(*btf.Pointer)
	return ok
}
