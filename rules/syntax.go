package rules

// The tree of a condition. Every node knows its place, as a byte offset in the
// condition's text.
type (
	// expr is one of the nodes below.
	expr interface{ place() int }

	// logic is two or more operands joined by "and" or "or".
	logic struct {
		at   int
		or   bool
		kids []expr
	}

	// negation is "not X".
	negation struct {
		at  int
		kid expr
	}

	// macroName stands for a macro's condition.
	macroName struct {
		at   int
		name string
	}

	// comparison is "OPERAND OPERATOR VALUES"; exists has no values.
	comparison struct {
		at     int
		left   term
		op     operator
		mod    modifier
		opAt   int
		values []literal
		list   bool // the values stood in parentheses, or were a list's name
		right  term // a field or a transformer in the place of values, else nil
	}
)

func (e *logic) place() int      { return e.at }
func (e *negation) place() int   { return e.at }
func (e *macroName) place() int  { return e.at }
func (e *comparison) place() int { return e.at }

// A side of a comparison.
type (
	// term is one of the nodes below.
	term interface{ place() int }

	// fieldName is a field as it was written: name[arg].
	fieldName struct {
		at     int
		name   string
		arg    string
		hasArg bool
	}

	// transform is a transformer with its arguments: name(arg, ...)[key].
	transform struct {
		at     int
		name   string
		args   []term
		key    string
		hasKey bool
	}

	// termList is a list of terms as a transformer's argument.
	termList struct {
		at    int
		items []term
	}

	// literal is a value as it was written.
	literal struct {
		at     int
		text   string
		quoted bool
	}
)

func (t *fieldName) place() int { return t.at }
func (t *transform) place() int { return t.at }
func (t *termList) place() int  { return t.at }
func (t *literal) place() int   { return t.at }
