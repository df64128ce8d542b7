package event

// containerFields are of the container, and of the pod, that a process is in:
// what control groups, namespaces and the environment tell of them.
var containerFields = []Field{
	{"container.id", TypeString, NoArg, 0, facts(FactGroup), "the first 12 digits of the container's identity (of a pod that hides it, the pod's name), or host", procText(0, func(p *Process) string { return p.Container.ID })},
	{"container.full_id", TypeString, NoArg, 0, facts(FactGroup), "the container's whole identity", ofContainer(func(c *Container) string { return c.FullID })},
	{"container.name", TypeString, NoArg, 0, facts(FactGroup), "host for what is in no container; else absent, as only the container engine knows", ofHost(NoContainer)},
	{"container.type", TypeString, NoArg, 0, facts(FactGroup), "docker, containerd, cri-o, podman or ecs; absent where the control groups do not tell", ofContainer(func(c *Container) string { return c.Type })},
	{"container.start_ts", TypeAbsTime, NoArg, 0, facts(FactGroup), "when the first process of the container's PID namespace started", containerStart},
	{"container.duration", TypeRelTime, NoArg, 0, facts(FactGroup), "nanoseconds since then", containerAge},
	{"container.host_pid", TypeBool, NoArg, 0, spaceFacts, "the container is in the host's PID namespace", inHostSpace(func(s *Spaces) int64 { return s.PID }, hostPIDSpace, true)},
	{"container.host_network", TypeBool, NoArg, 0, spaceFacts, "true where the container is in the host's network namespace; absent where that is not certain", inHostSpace(func(s *Spaces) int64 { return s.Net }, hostNetSpace, false)},
	{"container.host_ipc", TypeBool, NoArg, 0, spaceFacts, "the container is in the host's IPC namespace", inHostSpace(func(s *Spaces) int64 { return s.IPC }, hostIPCSpace, true)},
	{"k8s.pod.name", TypeString, NoArg, 0, facts(FactGroup), "the pod's name, where tiercel runs in the pod", ofContainer(func(c *Container) string { return c.Pod })},
	{"k8s.ns.name", TypeString, NoArg, 0, facts(FactGroup), "the pod's namespace, where tiercel runs in the pod", ofContainer(func(c *Container) string { return c.Namespace })},
	{"k8s.pod.uid", TypeString, NoArg, 0, facts(FactGroup), "the pod's identity, where the control groups tell it", ofContainer(func(c *Container) string { return c.PodUID })},
	{"k8s.pod.id", TypeString, NoArg, 0, facts(FactGroup), "the same as k8s.pod.uid", ofContainer(func(c *Container) string { return c.PodUID })},
}
