package engine

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"sync"

	"tiercel/engine/event"
)

// containerID finds a container's identity at the end of a control group's
// path: 64 hexadecimal digits (Docker, containerd, CRI-O, Podman), or 32 with a
// number behind (Fargate). What stands before it tells the engine.
var containerID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(.*[/:-]|)([0-9a-f]{64}|[0-9a-f]{32})(?:-[0-9]+)?(?:\.scope)?(?:/container)?$`)
})

// engineMarks tell the engine by what it names its control groups; the first that is found counts.
var engineMarks = []struct{ mark, engine string }{
	{"libpod", "podman"}, {"crio", "cri-o"}, {"containerd", "containerd"}, {"docker", "docker"}, {"/ecs/", "ecs"},
}

// podUID finds a pod's identity in a control group's path; systemd's slices have underscores for its dashes.
var podUID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})`)
})

// shortID is how many digits of a container's identity are shown.
const shortID = 12

// containerOf returns the container that a process's control groups tell, or
// else the one that tiercel itself is in.
func containerOf(cgroup string, own event.Container) event.Container {
	c := own
	if event.IsRootGroup(cgroup) {
		return c
	}
	if m := containerID().FindStringSubmatch(cgroup); m != nil {
		c.ID, c.FullID, c.Type = m[2][:shortID], m[2], engineOf(m[1])
	}
	if m := podUID().FindStringSubmatch(cgroup); m != nil {
		c.PodUID = strings.ReplaceAll(m[1], "_", "-")
	}
	return c
}

func engineOf(path string) string {
	for _, e := range engineMarks {
		if strings.Contains(path, e.mark) {
			return e.engine
		}
	}
	return ""
}

// ownContainer tells the container that tiercel runs in by what engines leave in
// it: control groups are often hidden from within.
func ownContainer() event.Container {
	if full := taskContainer(); len(full) >= shortID {
		return event.Container{ID: full[:shortID], FullID: full, Type: "ecs"}
	}
	for _, e := range []struct{ mark, engine string }{{"/.dockerenv", "docker"}, {"/run/.containerenv", "podman"}} {
		if _, err := os.Stat(e.mark); err == nil {
			return ownPod(event.Container{ID: hostname(), Type: e.engine})
		}
	}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return ownPod(event.Container{ID: hostname()})
	}
	return event.Container{ID: event.NoContainer}
}

// taskContainer returns the identity that the address of a task's metadata ends with, or nothing.
func taskContainer() string {
	for _, name := range []string{"ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"} {
		if _, rest, ok := strings.Cut(os.Getenv(name), "/v"); ok {
			_, id, _ := strings.Cut(rest, "/")
			return id
		}
	}
	return ""
}

// podNamespace is where a pod finds the name of its namespace, unless it has no service account.
const podNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// ownPod adds what a pod's container finds in its environment: names that are
// handed to it by custom, else those that Kubernetes gives by itself.
func ownPod(c event.Container) event.Container {
	if os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return c
	}
	namespace, _ := os.ReadFile(podNamespace) // not every pod has one
	c.Pod = cmp.Or(os.Getenv("POD_NAME"), hostname())
	c.Namespace = cmp.Or(os.Getenv("POD_NAMESPACE"), strings.TrimSpace(string(namespace)))
	return c
}
