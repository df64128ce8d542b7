package event

import "slices"

// partDocs says what the facts are, as people read it.
var partDocs = [...]string{
	FactObject: "what the descriptor names", FactSocket: "the descriptor's socket", FactCwd: "the working directory", FactExe: "the image's path",
	FactName: "the thread's name", FactArgs: "the command line", FactEnv: "the environment", FactGroup: "the control group",
	FactState: "the process's numbers and accounts", FactStdio: "the standard streams", FactUsage: "the use of processor and memory",
	FactLimits: "how many descriptors are open, and may be", FactInode: "the file's device, inode and layer", FactDescriptors: "all descriptors of the process",
	FactSpaces: "the namespaces", FactFolder: "whether the descriptor is of a folder",
}

// Docs returns what the facts are, in words, in the order of their parts.
func (f Facts) Docs() (docs []string) {
	for p, doc := range partDocs {
		if f.Has(Part(p)) {
			docs = append(docs, doc)
		}
	}
	return docs
}

// memoryDocs says what is read of a workload's memory for a parameter.
var memoryDocs = map[Type]string{
	Path: "a path", String: "a text", Strings: "an array of texts", SockAddr: "an address", MsgName: "the address in a message's header",
}

// Reads returns what a source reads of the workload's memory at the entry of the
// row's calls, in words, each once.
func (r *Row) Reads() (docs []string) {
	for i := range r.Params {
		p := &r.Params[i]
		doc, ok := memoryDocs[p.Type]
		if p.In != nil {
			doc, ok = "a struct of numbers", true
		}
		if ok && !slices.Contains(docs, doc) {
			docs = append(docs, doc)
		}
	}
	if r.first(0, isPath) >= 0 {
		docs = append(docs, "the folder that a relative path starts from")
	}
	return docs
}
