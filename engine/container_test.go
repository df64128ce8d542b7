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
