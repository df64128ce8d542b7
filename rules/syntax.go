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

	// comparison is "FIELD OPERATOR VALUES"; exists has no values.
	comparison struct {
		at     int
		field  fieldName
		op     operator
		opAt   int
		values []literal
		list   bool // the values stood in parentheses, or were a list's name
	}
)

// fieldName is a field as it was written: name[arg].
type fieldName struct {
	at     int
	name   string
	arg    string
	hasArg bool
}

// literal is a value as it was written.
type literal struct {
	at     int
	text   string
	quoted bool
}

func (e *logic) place() int      { return e.at }
func (e *negation) place() int   { return e.at }
func (e *macroName) place() int  { return e.at }
func (e *comparison) place() int { return e.at }
