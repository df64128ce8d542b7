package rules

import (
	"fmt"
	"slices"
	"strings"

	"tiercel/engine/event"
)

// Passes is what a source that can looks at in the kernel, before it writes an
// event: of Calls those pass of which one of Where holds, all where it is empty.
// Where a clause asks for the path, a plain one must be among Paths.
type Passes struct {
	Calls []string
	Where []string
	Paths []string
}

// passesOf says it of all rows that the needs match; those of which the same is to be said stand together.
func passesOf(needs *event.Needs, items int) (all []Passes) {
	for row := range event.Table {
		need := &needs.Rows[row]
		if !need.Match || event.Table[row].When == event.Pseudo {
			continue
		}
		p := passesRow(&event.Table[row], need, items)
		i := slices.IndexFunc(all, func(other Passes) bool {
			return slices.Equal(other.Where, p.Where) && slices.Equal(other.Paths, p.Paths)
		})
		if i < 0 {
			all = append(all, p)
			continue
		}
		all[i].Calls = append(all[i].Calls, p.Calls...)
	}
	return all
}

func passesRow(row *event.Row, need *event.RowNeed, items int) Passes {
	p := Passes{Calls: []string{row.Name}}
	for i := range need.Only {
		p.Where = append(p.Where, clauseText(row, need, &need.Only[i]))
	}
	if need.Paths == nil {
		return p
	}
	for _, part := range []struct {
		is   string
		list []string
	}{{"is", need.Paths.Texts}, {"begins with", need.Paths.Prefixes}, {"has as its last element", need.Paths.Names}} {
		if len(part.list) > 0 {
			p.Paths = append(p.Paths, part.is+" "+cutList(part.list, items))
		}
	}
	return p
}

func clauseText(row *event.Row, need *event.RowNeed, c *event.Clause) string {
	var all []string
	for _, cond := range c.All {
		all = append(all, conditionText(row, cond))
	}
	if c.Path {
		all = append(all, row.Params[need.Paths.Param].Name+" may be such a path")
	}
	return strings.Join(all, " and ")
}

func conditionText(row *event.Row, c event.Condition) string {
	name, width := "result", 64
	if c.Arg < event.Result {
		name, width = row.Params[c.Arg].Name, row.Params[c.Arg].Type.Width()
	}
	sign := uint64(1) << (width - 1)
	switch is := map[bool]string{false: "=", true: "!="}[c.Not]; {
	case c.Mask == sign && c.Value == sign:
		return name + map[bool]string{false: " < 0", true: " >= 0"}[c.Not]
	case c.Mask == sign|(sign-1):
		return fmt.Sprintf("%s %s %#x", name, is, c.Value)
	default:
		return fmt.Sprintf("%s & %#x %s %#x", name, c.Mask, is, c.Value)
	}
}
