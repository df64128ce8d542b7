// Package trial tests rules: it reads files of given events and expected alerts,
// judges the events with the engine, and says what came out otherwise.
//
// A test file is a YAML list. The first item may name the rules that the file is
// about (paths start from the file's folder); each other item is a test:
//
//   - rules: [default, mine.yaml]            # without it: the built-in rules
//   - test: a web server starts a shell
//     event: {evt.type: execve, evt.failed: false, proc.name: sh, proc.pname: nginx}
//     expect: Server starts a shell
//   - test: an operator starts one
//     event: {evt.type: execve, evt.failed: false, proc.name: sh, proc.pname: sshd}
//     expect: none
//     not: Server starts a shell
//
// An event has fields by their names. The rest of its fields is absent, but for
// what each event of the call has alike, so a test gives all that the rule asks:
// evt.is_open_read does not follow from evt.arg.flags. Several events, in the order of time,
// stand under "events", where "at: 5s" is the time since the first. A field of
// several values takes a list, and null is absent.
//
// In place of events, "recording: FILE" has those of a run that tiercel run
// --record has written, with the rules that are tested or with more; its path
// starts from the test file's folder.
//
// What is expected is "none"; a rule, which must raise the first alert; a list of
// the rules that alert, in order and without others; or such a list with more to
// compare: {rule: NAME, output: TEXT, priority: NAME, fields: {NAME: VALUE}}. The
// rule under "not" must match none of the events, not even behind another.
//
// The trap: an event must be possible, or the test says nothing. What is absent
// or fixed for every event of the row is refused when the file is read; that the
// fields fit one another, as fd.filename does fd.name, is the writer's to see.
package trial
