package event

import "testing"

// boxed is the family's youngest in a container whose namespace started 100 ns ago.
func boxed(c Container, s Spaces) *Process {
	p := family()
	p.Container, p.Spaces, p.InitStart = c, s, at-100
	return p
}

func TestFieldsOfContainers(t *testing.T) {
	in := Container{ID: "0123456789ab", FullID: "0123456789abcdef", Type: "cri-o", Pod: "web-1", Namespace: "shop", PodUID: "u-1"}
	host := Container{ID: NoContainer}
	own, hosts := Spaces{PID: 1 << 32, Net: 1 << 32, IPC: 1 << 32}, Spaces{hostPIDSpace, hostNetSpace, hostIPCSpace}
	tests := []struct {
		name, field, want string
		c                 Container
		s                 Spaces
	}{
		{"the short identity", "container.id", "0123456789ab", in, own},
		{"of none", "container.id", "host", host, own},
		{"the whole identity", "container.full_id", "0123456789abcdef", in, own},
		{"of none there is none", "container.full_id", absent, host, own},
		{"a name", "container.name", absent, in, own},
		{"what is in none has a name", "container.name", "host", host, own},
		{"the engine", "container.type", "cri-o", in, own},
		{"an engine that nothing tells", "container.type", absent, Container{ID: "x"}, own},
		{"the start", "container.start_ts", "999999999999999900", in, own},
		{"the age", "container.duration", "100", in, own},
		{"the host has no start", "container.start_ts", absent, host, own},
		{"a PID namespace of its own", "container.host_pid", "false", in, own},
		{"the host's", "container.host_pid", "true", in, hosts},
		{"one that is not known", "container.host_pid", absent, in, Spaces{}},
		{"what is in no container", "container.host_pid", absent, host, hosts},
		{"the host's network", "container.host_network", "true", in, hosts},
		{"another number may be the host's on an older kernel", "container.host_network", absent, in, own},
		{"the host's IPC", "container.host_ipc", "true", in, hosts},
		{"a pod", "k8s.pod.name", "web-1", in, own},
		{"its namespace", "k8s.ns.name", "shop", in, own},
		{"its identity", "k8s.pod.uid", "u-1", in, own},
		{"by its older name", "k8s.pod.id", "u-1", in, own},
		{"a file in a container", "fd.containername", "0123456789ab:/srv/x", in, own},
		{"its directory", "fd.containerdirectory", "0123456789ab:/srv", in, own},
		{"an image has a reason", "container.image.repository", absent, in, own},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v View
			v.Begin(record("fchmod", arg(0, 7), part(FactObject, "/srv/x"), ret(0)), boxed(tt.c, tt.s), Whole)
			if got := read(t, &v, tt.field); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.field, got, tt.want)
			}
		})
	}
}

func TestSpacesRoundTrip(t *testing.T) {
	want := Spaces{1, 2, 3}
	var got Spaces
	got.Update(want.Append(nil))
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
