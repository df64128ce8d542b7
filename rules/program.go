package rules

import (
	"fmt"
	"strings"

	"tiercel/engine/event"
)

// program is a compiled condition: a list of comparisons, each with an exit for
// true and one for false. An exit is the index of a later instruction, or done.
// So it always ends, and needs no stack.
type program []instr

type instr struct {
	pred    int32 // index in the set's predicates
	negated bool
	yes, no int32
}

// The exits that end a program.
const (
	isTrue  int32 = -1
	isFalse int32 = -2
)

// maxProgram bounds a rule's instructions: a condition whose macros double one
// another over and over is refused rather than compiled for minutes.
const maxProgram = 1 << 16

// assembler writes a program from its end to its start, so that every exit is
// known when an instruction is written.
type assembler struct {
	code program
}

// compile returns the program of a checked condition; ok is false where it is longer than maxProgram.
func compile(n node) (p program, ok bool) {
	var a assembler
	a.emit(n, false, isTrue, isFalse)
	if len(a.code) > maxProgram {
		return nil, false
	}
	last := int32(len(a.code) - 1)
	p = make(program, len(a.code))
	for i, in := range a.code {
		in.yes, in.no = turn(in.yes, last), turn(in.no, last)
		p[int(last)-i] = in
	}
	return p, true
}

// turn makes an exit counted from the end one counted from the start.
func turn(exit, last int32) int32 {
	if exit < 0 {
		return exit
	}
	return last - exit
}

// emit writes the node so that it leaves by yes or no, and returns its entry. A
// negation swaps the exits and is pushed down to the comparisons: so each
// instruction's own truth only ever helps the whole become true, which is what
// makes run's guesses for unknown values bounds of the result.
func (a *assembler) emit(n node, negated bool, yes, no int32) int32 {
	if len(a.code) > maxProgram {
		return isFalse
	}
	switch n := n.(type) {
	case *inverse:
		return a.emit(n.kid, !negated, yes, no)
	case *branch:
		return a.emitBranch(n, negated, yes, no)
	case *leaf:
		a.code = append(a.code, instr{n.pred, negated, yes, no})
		return int32(len(a.code) - 1)
	}
	panic("unreachable: unknown node")
}

func (a *assembler) emitBranch(n *branch, negated bool, yes, no int32) int32 {
	or := n.or != negated // De Morgan
	entry := a.emit(n.kids[len(n.kids)-1], negated, yes, no)
	for i := len(n.kids) - 2; i >= 0; i-- {
		if or {
			entry = a.emit(n.kids[i], negated, yes, entry)
		} else {
			entry = a.emit(n.kids[i], negated, entry, no)
		}
	}
	return entry
}

// Truth is a value of three-valued logic.
type Truth uint8

// The truths.
const (
	False Truth = iota
	Maybe
	True
)

// run evaluates the program with what the matcher's view knows. It takes every
// unknown comparison in the rule's favour, or every one against it: what is false
// in its favour is so whatever the unknown is, and so is what is true against it.
func (p program) run(m *Matcher, favour bool) bool {
	for at := int32(0); ; {
		in := &p[at]
		truth := favour
		switch m.predicate(in.pred) {
		case event.Known:
			truth = !in.negated
		case event.Absent:
			truth = in.negated
		}
		at = in.no
		if truth {
			at = in.yes
		}
		if at < 0 {
			return at == isTrue
		}
	}
}

// disassemble is the program as a person reads it, a line an instruction, with the
// comparisons as text gives them.
func (p program) disassemble(preds []*predicate, text func(*predicate) string) string {
	var b strings.Builder
	for i, in := range p {
		not := ""
		if in.negated {
			not = "not "
		}
		fmt.Fprintf(&b, "%3d  %s%s ? %s : %s\n", i, not, text(preds[in.pred]), exitName(in.yes), exitName(in.no))
	}
	return b.String()
}

func exitName(exit int32) string {
	switch exit {
	case isTrue:
		return "true"
	case isFalse:
		return "false"
	}
	return fmt.Sprint(exit)
}
