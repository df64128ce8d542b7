package engine

import (
	"os"
	"regexp"
	"strings"
)

// noContainer is the container's identity of what is in none, as in Falco.
const noContainer = "host"

// containerID finds a container's identity at the end of a control group's
// path: 64 hexadecimal digits (Docker, containerd, CRI-O, Podman), or 32 with a
// number behind (Fargate).
var containerID = regexp.MustCompile(`(?m)(?:^|[/:-])([0-9a-f]{64}|[0-9a-f]{32})(?:-[0-9]+)?(?:\.scope)?(?:/container)?$`)

// containerOf returns the first 12 digits of the identity in a process's control
// groups, or else the container that tiercel itself is in.
func containerOf(cgroup, own string) string {
	if m := containerID.FindStringSubmatch(cgroup); m != nil {
		return m[1][:12]
	}
	return own
}

// ownContainer tells the container that tiercel runs in by what engines leave in
// it: control groups are often hidden from within.
func ownContainer() string {
	for _, name := range []string{"ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI"} {
		if _, rest, ok := strings.Cut(os.Getenv(name), "/v"); ok {
			if _, id, ok := strings.Cut(rest, "/"); ok && len(id) >= 12 {
				return id[:12]
			}
		}
	}
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return hostname()
		}
	}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return hostname()
	}
	return noContainer
}
