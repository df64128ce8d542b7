// Package rules is the rule language: YAML files of lists, macros and rules, as
// people write them for Falco, become one [Set] of compiled programs.
//
// In a nutshell, one file a pass: load reads the YAML, lex and parse make a tree
// of each condition, check resolves macros, lists and fields, compile makes
// programs out of it, index finds for each row of the event table the rules that
// may match. All problems of all files are reported, each with its place; advice
// adds what is probably not meant. Of the built-in rules all this was done
// before: stored reads its result.
//
// A program is a list of comparisons with two exits each. It is evaluated with
// what is known of an event so far and comes out true, false or unknown by the
// same code, so the check at a call's entry and the match at its end never
// disagree.
//
// The trap: a [Matcher] keeps what it has learnt of the current event; it is for
// one goroutine, and every goroutine that matches needs its own.
package rules
