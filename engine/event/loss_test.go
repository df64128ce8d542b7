package event

import (
	"slices"
	"testing"
)

func lossRecord(l Loss) Event {
	var b Builder
	b.BeginLoss(l)
	return slices.Clone(b.Event())
}

func TestARecordTellsOfALoss(t *testing.T) {
	for _, want := range []Loss{
		{Row: "openat", Count: 1<<64 - 1, From: at, To: at + 5},
		{Row: "execve", Count: 1, From: at, To: at, Shed: true},
		{Count: 7, From: at, To: at + 1},
	} {
		ev, err := Parse(lossRecord(want))
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.Loss(); got != want || ev.RowIndex() != RowLost || ev.Time() != want.To {
			t.Errorf("got %+v of row %d at %d, want %+v of row %d at %d", got, ev.RowIndex(), ev.Time(), want, RowLost, want.To)
		}
	}
}

func TestALossOfARowThatIsNotKnownHasNoName(t *testing.T) {
	var b Builder
	b.BeginLoss(Loss{Count: 3})
	arg(0, uint64(len(Table)))(&b)
	if got := b.Event().Loss(); got.Row != "" || got.Count != 3 {
		t.Errorf("got %+v, want no row", got)
	}
}

func TestLossesAreCountedByRowAndReason(t *testing.T) {
	var c Counters
	for _, l := range []Loss{
		{"openat", 2, 20, 30, false}, {"openat", 3, 10, 15, false}, {"openat", 4, 40, 50, true}, {"connect", 1, 5, 6, false},
	} {
		c.Lose(l)
	}
	want := []Loss{{"openat", 5, 10, 30, false}, {"openat", 4, 40, 50, true}, {"connect", 1, 5, 6, false}}
	if c.Lost != 10 || !slices.Equal(c.Losses, want) {
		t.Errorf("got %d lost, %+v, want 10, %+v", c.Lost, c.Losses, want)
	}
}

func TestNotesAreNoEventsThatRulesSee(t *testing.T) {
	for row := range Table {
		want := row == RowProcInfo || row == RowSpawn || row == RowLost || row == RowBlind
		if got := IsNote(row); got != want {
			t.Errorf("%s: got %v, want %v", Table[row].Name, got, want)
		}
	}
	for _, row := range []int{RowLost, RowBlind} {
		if name := Table[row].Name; IsType(name) || Lookup(name) != -1 {
			t.Errorf("got the event type %s, want none that a rule may name", name)
		}
	}
}

func TestARecordTellsOfABlindTime(t *testing.T) {
	var b Builder
	want := Blind{PID: 7, From: at, Why: "nobody looks"}
	b.BeginBlind(want)
	if got := b.Event().Blind(); got != want || b.Event().RowIndex() != RowBlind {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
