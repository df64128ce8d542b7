package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tiercel/engine/event"
	"tiercel/rules"
)

// Alert is a rule's match, ready to be written. It holds no reference to the event.
type Alert struct {
	Time     time.Time
	Rule     string
	Priority rules.Priority
	Source   string
	Hostname string
	Message  string // the rule's output with its fields filled in; control characters are escaped
	Tags     []string
	Fields   map[string]any // by field name: string, int64, uint64, bool, or nil where absent

	Count  uint64        // of a digest: how many alerts it stands for; 0 for an alert of its own
	Window time.Duration // of a digest: within how long they came
}

func newAlert(r *rules.Rule, v *event.View, host string) *Alert {
	a := &Alert{
		Time: time.Unix(0, int64(v.Ev.Time())), Rule: r.Name, Priority: r.Priority, Source: r.Source,
		Hostname: host, Tags: r.Tags, Fields: map[string]any{},
	}
	a.Message = printable(string(r.Message.Append(nil, v)))
	r.Message.Fields(v, func(name string, typ event.FieldType, val event.Value) {
		a.Fields[name] = plain(name, typ, val, a.Time)
	})
	return a
}

// plain is a field's value as JSON has it. As in Falco, times of the event are numbers.
func plain(name string, typ event.FieldType, val event.Value, at time.Time) any {
	switch {
	case val.Status != event.Known:
		return nil
	case name == "evt.time" || name == "evt.time.iso8601":
		return at.UnixNano()
	case typ.IsText():
		return strings.Clone(val.Text)
	case typ.IsAddr():
		return string(typ.AppendText(nil, val))
	case typ == event.TypeBool:
		return val.Num != 0
	case typ == event.TypeUint:
		return uint64(val.Num)
	}
	return val.Num
}

// Text is the alert as a line: HH:MM:SS.nnnnnnnnn: Priority message, local time.
func (a *Alert) Text() string {
	return a.Time.Format("15:04:05.000000000") + ": " + a.Priority.String() + " " + a.Message
}

// MarshalJSON gives the alert Falco's names.
func (a *Alert) MarshalJSON() ([]byte, error) {
	tags := a.Tags
	if tags == nil {
		tags = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "->" stays readable
	err := enc.Encode(struct {
		Hostname string         `json:"hostname"`
		Output   string         `json:"output"`
		Fields   map[string]any `json:"output_fields"`
		Priority string         `json:"priority"`
		Rule     string         `json:"rule"`
		Source   string         `json:"source"`
		Tags     []string       `json:"tags"`
		Time     string         `json:"time"`
		Count    uint64         `json:"count,omitempty"`    // this and the next are not Falco's
		Window   float64        `json:"window_s,omitempty"` // seconds
	}{a.Hostname, a.Text(), a.Fields, a.Priority.String(), a.Rule, a.Source, tags, a.Time.UTC().Format("2006-01-02T15:04:05.000000000Z"), a.Count, a.Window.Seconds()})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// printable escapes what could move a terminal's cursor or forge a line: names
// are a workload's to choose.
func printable(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "\\x%02x", s[0])
		case isControl(r):
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }
