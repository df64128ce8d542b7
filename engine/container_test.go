package engine

import (
	"os"
	"testing"

	"tiercel/engine/event"
)

func TestOwnContainerOfATask(t *testing.T) {
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/0123456789abcdef0123456789abcdef-3571928463")
	if got := ownContainer().ID; got != "0123456789ab" {
		t.Errorf("got %s, want 0123456789ab", got)
	}
}

func TestOwnContainerOfAPod(t *testing.T) {
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	t.Setenv("TIERCEL_HOSTNAME", "the-pod")
	if got := ownContainer().ID; got != "the-pod" {
		t.Errorf("got %s, want the-pod", got)
	}
}

func TestOwnContainerOfAHost(t *testing.T) {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			t.Skipf("needs a machine that is no container: %s is here", mark)
		}
	}
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", "")
	t.Setenv("ECS_CONTAINER_METADATA_URI", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if got := ownContainer().ID; got != event.NoContainer {
		t.Errorf("got %s, want %s", got, event.NoContainer)
	}
}

func TestContainerByItsControlGroup(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	own := event.Container{ID: "the-pod", Pod: "the-pod", Namespace: "shop"}
	const uid = "0f3c5d1e-aaaa-bbbb-cccc-0123456789ab"
	tests := []struct {
		name, cgroup, engine, uid string
	}{
		{"Docker in version 1", "12:pids:/docker/" + id + "\n", "docker", ""},
		{"Docker by systemd", "0::/system.slice/docker-" + id + ".scope\n", "docker", ""},
		{"containerd", "0::/kubepods.slice/kubepods-pod0f3c5d1e_aaaa_bbbb_cccc_0123456789ab.slice/cri-containerd-" + id + ".scope\n", "containerd", uid},
		{"CRI-O", "0::/kubepods.slice/crio-" + id + ".scope\n", "cri-o", ""},
		{"Podman", "0::/machine.slice/libpod-" + id + ".scope/container\n", "podman", ""},
		{"ECS", "9:memory:/ecs/0123/" + id + "\n", "ecs", ""},
		{"Kubernetes without a word of the engine", "11:memory:/kubepods/besteffort/pod" + uid + "/" + id + "\n", "", uid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := event.Container{ID: id[:12], FullID: id, Type: tt.engine, Pod: "the-pod", Namespace: "shop", PodUID: tt.uid}
			if got := containerOf(tt.cgroup, own); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestPodTellsItsNames(t *testing.T) {
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	t.Setenv("TIERCEL_HOSTNAME", "web-1")
	t.Setenv("POD_NAMESPACE", "shop")
	if got := ownContainer(); got.Pod != "web-1" || got.Namespace != "shop" {
		t.Errorf("got pod %q in %q, want web-1 in shop", got.Pod, got.Namespace)
	}
	t.Setenv("POD_NAME", "web-1-x7k2p")
	if got := ownContainer(); got.Pod != "web-1-x7k2p" {
		t.Errorf("with a name handed to it: got pod %q, want web-1-x7k2p", got.Pod)
	}
}
