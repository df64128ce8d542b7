package rules

import (
	"fmt"
	"strings"
)

// lexer cuts a condition into tokens. What a token is depends on where it
// stands (a value may look like anything), so the parser asks for the kind that
// it wants: each method takes a token of its kind if there is one, and moves on.
type lexer struct {
	src      string
	pos      int
	unclosed bool // no bracket that closes is left
}

// syntaxError is the one thing that parsing panics with; see catch.
type syntaxError struct {
	at  int
	msg string
}

func (l *lexer) fail(at int, format string, args ...any) {
	panic(syntaxError{at, fmt.Sprintf(format, args...)})
}

// catch is deferred by what parses: it makes what fail panicked with the error.
func catch(err **syntaxError) {
	switch r := recover().(type) {
	case nil:
	case syntaxError:
		*err = &r
	default:
		panic(r)
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

func (l *lexer) peek() byte {
	if l.pos < len(l.src) {
		return l.src[l.pos]
	}
	return 0
}

// blank takes blanks, and reports whether there were any.
func (l *lexer) blank() bool {
	start := l.pos
	for l.pos < len(l.src) && isBlank(l.src[l.pos]) {
		l.pos++
	}
	return l.pos > start
}

// symbol takes the text s.
func (l *lexer) symbol(s string) bool {
	if !strings.HasPrefix(l.src[l.pos:], s) {
		return false
	}
	l.pos += len(s)
	return true
}

// while takes the bytes that satisfy is.
func (l *lexer) while(is func(byte) bool) string {
	start := l.pos
	for l.pos < len(l.src) && is(l.src[l.pos]) {
		l.pos++
	}
	return l.src[start:l.pos]
}

// name takes a field's or a macro's name: words with dots between, each beginning
// with a letter. A dot that no such word follows is not of it.
func (l *lexer) name() (name string, dotted bool) {
	start := l.pos
	if !isLetter(l.peek()) {
		return "", false
	}
	l.while(isWord)
	for l.pos+1 < len(l.src) && l.src[l.pos] == '.' && isLetter(l.src[l.pos+1]) {
		l.pos++
		l.while(isWord)
		dotted = true
	}
	return l.src[start:l.pos], dotted
}

// operator takes the longest operator there is. Behind one that is a word and
// takes a string stands a blank.
func (l *lexer) operator() (operator, bool) {
	for _, name := range operatorsByLength {
		if !strings.HasPrefix(l.src[l.pos:], name) {
			continue
		}
		end := l.pos + len(name)
		if o := operators[name]; !isLetter(name[0]) || o.shape != stringValue || end < len(l.src) && isBlank(l.src[end]) {
			l.pos = end
			return o.op, true
		}
	}
	return 0, false
}

// modifier takes the blank and the word that say how the values of a list count,
// where a list or a list's name follows; else nothing.
func (l *lexer) modifier() modifier {
	before := l.pos
	if !l.blank() {
		return noModifier
	}
	for m := oneOf; m <= allOf; m++ {
		at := l.pos
		if l.symbol(m.String()) && l.blank() && l.listFollows() {
			return m
		}
		l.pos = at
	}
	l.pos = before
	return noModifier
}

// listFollows reports whether a list stands here, or a name that may be a list's.
func (l *lexer) listFollows() bool {
	ahead := *l
	name, _ := ahead.name()
	return l.peek() == '(' || name != "" && name != "and" && name != "or"
}

// transformer takes the name of a transformer and the parenthesis behind it.
func (l *lexer) transformer() (name string, ok bool) {
	ahead := *l
	name = ahead.while(isWord)
	if _, known := transformers[name]; !known || !ahead.symbol("(") {
		return "", false
	}
	l.pos = ahead.pos
	return name, true
}

// quoted takes a string in single or double quotes. A backslash escapes the quote; before anything else it is itself.
func (l *lexer) quoted() (string, bool) {
	start, quote := l.pos, l.peek()
	if quote != '"' && quote != '\'' {
		return "", false
	}
	var b strings.Builder
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; {
		case c == quote:
			l.pos++
			return b.String(), true
		case c == '\\' && l.pos+1 < len(l.src) && (l.src[l.pos+1] == '"' || l.src[l.pos+1] == '\''):
			l.pos++
			if l.src[l.pos] != quote {
				l.fail(l.pos, `escape of the other quote, \%c, in a string in %c quotes`, l.src[l.pos], quote)
			}
			b.WriteByte(quote)
		default:
			b.WriteByte(c)
		}
	}
	l.pos = start
	l.fail(start, "string without its closing %c", quote)
	return "", false
}

// value takes a string value: quoted, or bare up to a blank, bracket, comma, quote or equals sign.
func (l *lexer) value() (literal, bool) {
	at := l.pos
	if s, ok := l.quoted(); ok {
		return literal{at, s, true}, true
	}
	s := l.while(func(c byte) bool { return !isBlank(c) && !strings.ContainsRune("()\"'=,", rune(c)) })
	return literal{at, s, false}, s != ""
}

// bracketArg takes [argument]; what is not closed, or has nothing in it, is left.
func (l *lexer) bracketArg() (string, bool) {
	if l.peek() != '[' || l.unclosed {
		return "", false
	}
	end := strings.IndexByte(l.src[l.pos:], ']')
	if end < 2 {
		l.unclosed = end < 0
		return "", false
	}
	arg := l.src[l.pos+1 : l.pos+end]
	l.pos += end + 1
	return arg, true
}

// number takes a number: hexadecimal, or decimal with a sign, a fraction and an exponent.
func (l *lexer) number() (literal, bool) {
	at := l.pos
	if l.symbol("0x") || l.symbol("0X") {
		if l.while(func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }) != "" {
			return literal{at, l.src[at:l.pos], false}, true
		}
		l.pos = at
	}
	if c := l.peek(); c == '+' || c == '-' {
		l.pos++
	}
	if l.while(isDigit) == "" {
		l.pos = at
		return literal{}, false
	}
	if l.symbol(".") {
		l.while(isDigit)
	}
	l.exponent()
	return literal{at, l.src[at:l.pos], false}, true
}

func (l *lexer) exponent() {
	at := l.pos
	if (l.symbol("e") || l.symbol("E")) && (l.symbol("+") || l.symbol("-")) && l.while(isDigit) != "" {
		return
	}
	l.pos = at
}
