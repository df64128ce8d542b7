package engine

import "tiercel/rules"

// Reload exchanges the rules while events flow: the next event that the engine
// turns to is matched by the new ones. It may be called from any goroutine, and
// returns at once; of several calls before that event the last one counts.
//
// Rules that wait for the same as before (rules.Set.Kept) go on with what they
// have counted, others start anew. The source must watch and read what the new
// set needs before Reload is called, so that nothing in between goes unseen.
// Events that it read before lack what only new rules ask for: to these it is absent.
func (e *Engine) Reload(set *rules.Set) { e.next.Store(set) }

// exchange takes the set that Reload has left.
func (e *Engine) exchange() {
	set := e.next.Swap(nil)
	e.state.exchange(set.Kept(e.Rules))
	was := e.matcher.View()
	e.Rules, e.matcher = set, set.Matcher()
	e.matcher.Minimum = e.Priority
	v := e.matcher.View()
	v.Started, v.Host, v.Number, v.Previous = was.Started, was.Host, was.Number, was.Previous
}

// ReloadAccounts exchanges the users and groups for those of m as Reload does the rules.
func (e *Engine) ReloadAccounts(m *Machine) { e.named.Store(m) }

// exchangeAccounts takes the accounts that ReloadAccounts has left.
func (e *Engine) exchangeAccounts() {
	from, m := e.named.Swap(nil), *e.Machine // others may read the one that was given
	m.Users, m.Groups = from.Users, from.Groups
	e.Machine, e.tree.machine = &m, &m
	for _, p := range e.tree.procs {
		e.tree.name(p)
	}
}

// exchange hands what rules have waited for over to those that kept names for
// them, and forgets what the others waited for.
func (c *correlator) exchange(kept map[*rules.Rule]*rules.Rule) {
	for t := c.ring.next; t != &c.ring; t = t.next {
		r := kept[t.key.rule]
		if r == nil {
			c.remove(t)
			continue
		}
		delete(c.tracks, t.key)
		t.key.rule = r
		c.tracks[t.key] = t
	}
}
