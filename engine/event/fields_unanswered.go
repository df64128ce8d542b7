package event

import "sync"

// unanswered is the fields that no source can answer, by why. Rules that ask for
// them load, so that a rule of Falco's is not refused for one of its outputs.
var unanswered = []struct {
	why   string
	lines []unansweredField
}{
	{"there are no plugins", []unansweredField{
		{"evt.pluginname", TypeString, NoArg, 0, "the plugin that an event comes from"},
		{"evt.plugininfo", TypeString, NoArg, 0, "what the plugin says of its event"},
		{"evt.asynctype", TypeString, NoArg, 0, "the kind of an event that is of no call"},
	}},
	{"an event has one time, that of its entry", []unansweredField{
		{"evt.latency", TypeRelTime, NoArg, Deprecated, "how long the call took"},
		{"evt.latency.s", TypeRelTime, NoArg, Deprecated, "the seconds of evt.latency"},
		{"evt.latency.ns", TypeRelTime, NoArg, Deprecated, "the nanoseconds of evt.latency within the second"},
		{"evt.latency.quantized", TypeUint, NoArg, Deprecated, "the decimal logarithm of evt.latency"},
		{"evt.latency.human", TypeString, NoArg, Deprecated, "evt.latency with a unit"},
		{"evt.wait_latency", TypeRelTime, NoArg, Deprecated, "how long a call that waits took"},
	}},
	{"the data that a call moves is not captured", []unansweredField{
		{"evt.buffer", TypeBytes, NoArg, 0, "the data that the call read or wrote"},
	}},
	{"rules do not see the source's account of processes", []unansweredField{
		{"evt.count.procinfo", TypeUint32, NoArg, Deprecated, "1 for the account of a process's first thread"},
		{"evt.count.threadinfo", TypeUint32, NoArg, Deprecated, "1 for the account of any thread"},
	}},
	{"a run is watched as it goes: there is no time to look around", []unansweredField{
		{"evt.around", TypeUint, MustKey, FilterOnly | NoRHS | NoTransformer, "milliseconds between the event and the time in brackets"},
	}},
	{"the container engine's events are not read", []unansweredField{
		{"evt.infra.docker.name", TypeString, NoArg, Deprecated, "the name of an event of Docker"},
		{"evt.infra.docker.container.id", TypeString, NoArg, Deprecated, "the identity of its container"},
		{"evt.infra.docker.container.name", TypeString, NoArg, Deprecated, "the name of its container"},
		{"evt.infra.docker.container.image", TypeString, NoArg, Deprecated, "the image of its container"},
	}},
	{"the scheduler is not watched", []unansweredField{
		{"thread.exectime", TypeRelTime, NoArg, 0, "the processor time of the thread that was switched from"},
		{"thread.totexectime", TypeRelTime, NoArg, 0, "the thread's processor time since the run started"},
		{"thread.cpu", TypeDouble, NoArg, 0, "the share of a processor that the thread had in the last second"},
		{"thread.cpu.user", TypeDouble, NoArg, 0, "what of it was in the program"},
		{"thread.cpu.system", TypeDouble, NoArg, 0, "what of it was in the kernel"},
	}},
	{"no table of descriptors is kept, so a name before is not known", []unansweredField{
		{"fd.name_changed", TypeBool, NoArg, 0, "the call changed what fd.name says"},
	}},
	{"looking up a name would make traffic while the workload waits", []unansweredField{
		{"fd.cip.name", TypeString, NoArg, NoRHS | NoTransformer, "the domain name of the client's address"},
		{"fd.sip.name", TypeString, NoArg, NoRHS | NoTransformer, "the domain name of the server's address"},
		{"fd.lip.name", TypeString, NoArg, NoRHS | NoTransformer, "the domain name of the local address"},
		{"fd.rip.name", TypeString, NoArg, NoRHS | NoTransformer, "the domain name of the remote address"},
	}},
	{"what it counts is how often it was asked", []unansweredField{
		{"util.cnt", TypeUint, NoArg, 0, "a number that grows"},
	}},
	{"poll and its kin are not watched", []unansweredField{
		{"fdlist.nums", TypeString, NoArg, 0, "the descriptors that a poll waits for"},
		{"fdlist.names", TypeString, NoArg, 0, "what they name"},
		{"fdlist.cips", TypeString, NoArg, 0, "the addresses of their clients"},
		{"fdlist.sips", TypeString, NoArg, 0, "the addresses of their servers"},
		{"fdlist.cports", TypeString, NoArg, 0, "the ports of their clients"},
		{"fdlist.sports", TypeString, NoArg, 0, "the ports of their servers"},
	}},
	{"the container engine's socket is not asked", []unansweredField{
		{"container.image", TypeString, NoArg, 0, "the image with its tag"},
		{"container.image.id", TypeString, NoArg, 0, "the image's identity"},
		{"container.image.repository", TypeString, NoArg, 0, "the image without its tag"},
		{"container.image.tag", TypeString, NoArg, 0, "the image's tag"},
		{"container.image.digest", TypeString, NoArg, 0, "the image's digest in its registry"},
		{"container.privileged", TypeBool, NoArg, 0, "the container was started as a privileged one"},
		{"container.mounts", TypeString, NoArg, 0, "all mounts, each source:destination:mode:writable:propagation"},
		{"container.mount", TypeString, MustKey, 0, "the mount with that number or source"},
		{"container.mount.source", TypeString, MustKey, 0, "the source of the mount with that number or destination"},
		{"container.mount.dest", TypeString, MustKey, 0, "the destination of the mount with that number or source"},
		{"container.mount.mode", TypeString, MustKey, 0, "the mode of the mount with that number or source"},
		{"container.mount.rdwr", TypeString, MustKey, 0, "whether the mount with that number or source is writable"},
		{"container.mount.propagation", TypeString, MustKey, 0, "how the mount with that number or source propagates"},
		{"container.ip", TypeString, NoArg, 0, "the container's first IPv4 address"},
		{"container.cni.json", TypeString, NoArg, 0, "the network plugin's result, as JSON"},
		{"container.label", TypeString, MustKey, 0, "the label of that name"},
		{"container.labels", TypeString, NoArg, 0, "all labels, name:value"},
		{"container.healthcheck", TypeString, NoArg, 0, "the container's health check"},
		{"container.liveness_probe", TypeString, NoArg, 0, "the container's liveness probe"},
		{"container.readiness_probe", TypeString, NoArg, 0, "the container's readiness probe"},
		{"proc.is_container_healthcheck", TypeBool, NoArg, 0, "the process is part of the health check"},
		{"proc.is_container_liveness_probe", TypeBool, NoArg, 0, "the process is part of the liveness probe"},
		{"proc.is_container_readiness_probe", TypeBool, NoArg, 0, "the process is part of the readiness probe"},
		{"k8s.pod.sandbox_id", TypeString, NoArg, 0, "the first 12 digits of the pod's sandbox"},
		{"k8s.pod.full_sandbox_id", TypeString, NoArg, 0, "the whole identity of the pod's sandbox"},
		{"k8s.pod.label", TypeString, MustKey, 0, "the pod's label of that name"},
		{"k8s.pod.labels", TypeString, NoArg, 0, "all labels of the pod, name:value"},
		{"k8s.pod.ip", TypeString, NoArg, 0, "the pod's first IPv4 address"},
		{"k8s.pod.cni.json", TypeString, NoArg, 0, "the network plugin's result for the pod, as JSON"},
	}},
	{"the cluster's interface is not asked", []unansweredField{
		{"k8s.ns.id", TypeString, NoArg, 0, "the namespace's identity"},
		{"k8s.ns.label", TypeString, MustKey, 0, "the namespace's label of that name"},
		{"k8s.ns.labels", TypeString, NoArg, 0, "all labels of the namespace"},
		{"k8s.rc.name", TypeString, NoArg, 0, "the replication controller's name"},
		{"k8s.rc.id", TypeString, NoArg, 0, "the replication controller's identity"},
		{"k8s.rc.label", TypeString, MustKey, 0, "the replication controller's label of that name"},
		{"k8s.rc.labels", TypeString, NoArg, 0, "all labels of the replication controller"},
		{"k8s.svc.name", TypeString, NoArg, 0, "the service's name"},
		{"k8s.svc.id", TypeString, NoArg, 0, "the service's identity"},
		{"k8s.svc.label", TypeString, MustKey, 0, "the service's label of that name"},
		{"k8s.svc.labels", TypeString, NoArg, 0, "all labels of the service"},
		{"k8s.rs.name", TypeString, NoArg, 0, "the replica set's name"},
		{"k8s.rs.id", TypeString, NoArg, 0, "the replica set's identity"},
		{"k8s.rs.label", TypeString, MustKey, 0, "the replica set's label of that name"},
		{"k8s.rs.labels", TypeString, NoArg, 0, "all labels of the replica set"},
		{"k8s.deployment.name", TypeString, NoArg, 0, "the deployment's name"},
		{"k8s.deployment.id", TypeString, NoArg, 0, "the deployment's identity"},
		{"k8s.deployment.label", TypeString, MustKey, 0, "the deployment's label of that name"},
		{"k8s.deployment.labels", TypeString, NoArg, 0, "all labels of the deployment"},
	}},
}

// unansweredField is what a rule must know of such a field to load.
type unansweredField struct {
	name  string
	typ   FieldType
	arg   ArgKind
	flags Flags
	doc   string
}

func unansweredFields() (fields []Field) {
	for _, group := range unanswered {
		for _, l := range group.lines {
			fields = append(fields, Field{l.name, l.typ, l.arg, l.flags, 0, l.doc, nothing})
		}
	}
	return fields
}

// reasons is why, by the field's name.
var reasons = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, group := range unanswered {
		for _, l := range group.lines {
			all[l.name] = group.why
		}
	}
	return all
})

// nothing is the value of a field that no source can answer.
func nothing(*View, *Arg, int) Value { return Value{} }
