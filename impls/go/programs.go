// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// program runs the windows of cells whose loop is neither mix nor paced. It is a loop that runs on
// maps, or a technique that verifies itself.
type program interface {
	// run executes the member's share of a window, until the window ends or w.limit is reached.
	run(m *member)
	// wrong returns a description of the first mismatch after all windows, or "".
	wrong(sum *totals) string
	stats(add addStat)
}

type addStat func(name, unit string, value float64)

// programMaker makes a program; args is the number of arguments of its loop.
type programMaker struct {
	loop  string
	args  int
	timed bool // true if it has the measure latency
	make  func(t *team, args []uint64) program
}

// Loops of all maps that hold keys.
var mapLoops = map[string]programMaker{
	"fill":        {"fill", 0, false, newFill},
	"random-fill": {"random-fill", 0, false, newFill},
	"grow":        {"grow", 2, false, newFill},
}

// Techniques by id, each with its own loop, as in impls/technique. There the ids do not begin with
// go_.
var techniques = map[string]programMaker{
	"go_hold_rw":             {"hold", 3, true, newHold(func() rwLock { return &rwMutex{} })},
	"go_hold_mutex":          {"hold", 3, true, newHold(func() rwLock { return &plainMutex{} })},
	"go_stock_rw":            {"stock", 1, true, newStock(stockRW)},
	"go_stock_mutex":         {"stock", 1, true, newStock(stockMutex)},
	"go_stock_single_check":  {"stock", 1, true, newStock(stockSingleCheck)},
	"go_cleanup_range":       {"cleanup", 1, false, newCleanup(cleanupRange)},
	"go_cleanup_mark":        {"cleanup", 1, false, newCleanup(cleanupMark)},
	"go_cleanup_index":       {"cleanup", 1, false, newCleanup(cleanupIndex)},
	"go_cleanup_context":     {"cleanup", 1, false, newCleanup(cleanupContext)},
	"go_pointers_map":        {"tally", 2, false, newPointers(true)},
	"go_pointers_sync":       {"tally", 2, false, newPointers(false)},
	"go_emptying_replace":    {"audit", 1, false, newEmptying(emptyByReplacing)},
	"go_emptying_delete":     {"audit", 1, false, newEmptying(emptyByRange)},
	"go_emptying_keys":       {"audit", 1, false, newEmptying(emptyByKeys)},
	"go_emptying_within":     {"audit", 1, false, newEmptying(emptyWithin)},
	"go_rebuild":             {"audit", 1, false, newRebuild},
	"go_handle_shared":       {"audit", 1, false, newHandle(copyOf)},
	"go_handle_clone":        {"audit", 1, false, newHandle(cloneOf)},
	"go_sync_map_offers":     {"audit", 1, false, newOffers},
	"go_sync_map_safe":       {"audit", 1, false, newBarrier},
	"go_families_sync_one":   {"families", 2, false, newFamilies(1)},
	"go_families_sync_three": {"families", 2, false, newFamilies(3)},
	"go_route_address":       {"route", 1, false, newRoute(routeByAddress, true)},
	"go_route_fnv1a":         {"route", 1, false, newRoute(routeByHash, false)},
}

// loopOf parses the text of a loop, such as "hold:1ms:100us:1". Times are in ns.
func loopOf(text string) (name string, args []uint64, err error) {
	words := strings.Split(text, ":")
	for _, word := range words[1:] {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			span, err := time.ParseDuration(word)
			if err != nil || span < 0 {
				return "", nil, fmt.Errorf("loop %s: %s is not a number", text, word)
			}
			n = uint64(span)
		}
		args = append(args, n)
	}
	return words[0], args, nil
}

// programMaker returns the maker of the cell's program, and the reason if the cell is rejected. ok
// is false for mix and paced, which need no program.
func (c *cell) programMaker() (maker programMaker, ok bool, reason string) {
	name, args, err := loopOf(*c.Loop)
	maker, ok = techniques[*c.Map]
	if !ok {
		maker, ok = mapLoops[name]
	}
	switch {
	case !ok || c.verifies():
		return maker, false, ""
	case err != nil:
		reason = err.Error()
	case maker.loop != name || maker.args != len(args):
		reason = fmt.Sprintf("%s runs the loop %s with %d numbers, not %s",
			*c.Map, maker.loop, maker.args, *c.Loop)
	case *c.Measure != "throughput" && !(maker.timed && *c.Measure == "latency"):
		reason = fmt.Sprintf("the loop %s has no measure %s", name, *c.Measure)
	}
	return maker, true, reason
}

// makeProgram makes the program of the cell. The table must exist.
func (t *team) makeProgram() {
	if maker, ok, _ := t.cell.programMaker(); ok {
		_, args, _ := loopOf(*t.cell.Loop)
		t.program = maker.make(t, args)
	}
}

// turn counts an iteration and returns true, or false if the window has ended, like
// technique_turn() in C.
func (w *worker) turn() bool {
	if w.stopped() || w.counts.iterations >= w.limit {
		return false
	}
	w.counts.iterations++
	return true
}

// addTimeStats adds statistics such as NAME_p50 of the sum of the given histograms.
func addTimeStats(add addStat, name string, all []*histogram) {
	sum := &outside[histogram](1)[0]
	for _, times := range all {
		if times != nil {
			sum.merge(times)
		}
	}
	if sum.count == 0 {
		return
	}
	add(name+"_count", "1", float64(sum.count))
	add(name+"_p50", "ns", float64(sum.quantile(.5)))
	add(name+"_p99", "ns", float64(sum.quantile(.99)))
	add(name+"_p999", "ns", float64(sum.quantile(.999)))
	add(name+"_max", "ns", float64(sum.max))
}

// count is one member's counter on its own cache lines. Read it after the window.
type count struct {
	n uint64
	_ [120]byte
}

func total(counts []count) (sum uint64) {
	for i := range counts {
		sum += counts[i].n
	}
	return sum
}
