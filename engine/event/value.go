package event

import "net/netip"

// Value is what a field says of an event: known, absent, or not known yet.
//
// Absent (Falco's <NA>) means that there is nothing to say: the event has no
// such parameter, the process no terminal. Unknown means that there is, but it
// cannot be told at this point: the result of a call at its entry.
type Value struct {
	Status Status
	Num    int64  // of number types; of Bool 0 or 1; of Double its bits (math.Float64bits)
	Text   string // of String; of Addr and Net the 4 or 16 bytes of the address
}

// Status is whether a value is known.
type Status uint8

// The statuses. The zero Value is absent.
const (
	Absent Status = iota
	Unknown
	Known
)

// FieldType is the type of a field's values; the names are Falco's.
type FieldType uint8

// The field types.
const (
	TypeString    FieldType = iota // CHARBUF
	TypeInt                        // INT64
	TypeUint                       // UINT64
	TypeBool                       // BOOL
	TypeAddr                       // IPADDR
	TypeNet                        // IPNET
	TypePort                       // PORT
	TypeRelTime                    // RELTIME, nanoseconds
	TypeAbsTime                    // ABSTIME, nanoseconds since the epoch
	TypeBytes                      // BYTEBUF
	TypeInt16                      // INT16
	TypeInt32                      // INT32
	TypeUint32                     // UINT32
	TypeDouble                     // DOUBLE
	TypeSockAddr                   // SOCKADDR: a socket's address, as text
	TypeSockTuple                  // SOCKTUPLE: both ends of a connection, as text
	TypeDynamic                    // DYNAMIC: the type of the parameter that the argument names
)

var fieldTypeNames = [...]string{"CHARBUF", "INT64", "UINT64", "BOOL", "IPADDR", "IPNET", "PORT", "RELTIME", "ABSTIME", "BYTEBUF", "INT16", "INT32", "UINT32", "DOUBLE", "SOCKADDR", "SOCKTUPLE", "DYNAMIC"}

func (t FieldType) String() string { return fieldTypeNames[t] }

// IsText reports whether values of the type are in Text as text.
func (t FieldType) IsText() bool {
	return t == TypeString || t == TypeBytes || t == TypeSockAddr || t == TypeSockTuple
}

// IsAddr reports whether values of the type are addresses.
func (t FieldType) IsAddr() bool { return t == TypeAddr || t == TypeNet }

func str(s string) Value    { return Value{Known, 0, s} }
func num(n int64) Value     { return Value{Known, n, ""} }
func status(s Status) Value { return Value{Status: s} }

// some is str for names that may be missing.
func some(s string) Value {
	if s == "" {
		return Value{}
	}
	return str(s)
}

// someNum is num for numbers that are 0 where they are not known.
func someNum(n int64) Value {
	if n == 0 {
		return Value{}
	}
	return num(n)
}

func truth(b bool) Value {
	if b {
		return num(1)
	}
	return num(0)
}

func addr(a netip.Addr, v *View) Value {
	if !a.IsValid() {
		return Value{}
	}
	start := len(v.scratch)
	if a.Is4() {
		b := a.As4()
		v.scratch = append(v.scratch, b[:]...)
	} else {
		b := a.As16()
		v.scratch = append(v.scratch, b[:]...)
	}
	return str(text(v.scratch[start:]))
}
