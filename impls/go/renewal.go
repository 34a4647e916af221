// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// renewal describes how one thread replaced keys before the warm-up.
type renewal struct {
	counts     counts
	start, end time.Time
}

// renewStride is STRIDE of runner/trial/renewal.c.
const renewStride = 2654435761

// renewals returns N of "renewed:N", or 0. ok is true if the text is a valid value of settle.
func renewals(settle string) (n uint64, ok bool) {
	word, text, renewed := strings.Cut(settle, ":")
	if !renewed {
		return 0, settle == "" || settle == "yes" || settle == "no"
	}
	if word != "renewed" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return n, err == nil && n > 0 && n <= 100
}

// renew is like rm_renew_keys() in C.
func (t *team) renew(m *member) {
	n, _ := renewals(t.cell.Settle)
	if n == 0 || hasNoEntries(t.table) {
		return
	}
	w := &m.worker
	threads, slot := uint64(len(t.members)), uint64(w.slot)
	ownKeys := (t.load.resident + threads - 1 - slot) / threads
	before, pace := w.counts, w.pace
	w.counts, w.pace = counts{}, nil
	m.renewal.start = time.Now()
	for ; n > 0; n-- {
		for i := uint64(0); i < ownKeys; i++ {
			w.renew(slot + i*renewStride%ownKeys*threads)
		}
	}
	m.renewal.end = time.Now()
	m.renewal.counts = w.counts
	w.counts, w.pace = before, pace
}

func (w *worker) renew(rank uint64) {
	if w.load.kind == fresh {
		w.put(w.newest(), false)
		w.take(w.oldest())
		w.wroteFresh()
	} else {
		w.put(rank, !w.take(rank))
	}
}

// renewalError returns the error if not every key was renewed, or "".
func (t *team) renewalError() string {
	n, _ := renewals(t.cell.Settle)
	expected, removes, inserts := n*t.load.resident, uint64(0), uint64(0)
	for i := range t.members {
		removes += t.members[i].renewal.counts.removes
		inserts += t.members[i].renewal.counts.inserts
	}
	if hasNoEntries(t.table) || removes == expected && inserts == expected {
		return ""
	}
	return fmt.Sprintf("%d keys were to be renewed: %d were taken out and %d put in",
		expected, removes, inserts)
}

// renewed is like rm_renewal_result() in C.
func (t *team) renewed() any {
	if n, _ := renewals(t.cell.Settle); n == 0 {
		return nil
	}
	keys, start, end := uint64(0), t.members[0].renewal.start, t.members[0].renewal.end
	for i := range t.members {
		r := &t.members[i].renewal
		keys += r.counts.removes
		if r.start.Before(start) {
			start = r.start
		}
		if r.end.After(end) {
			end = r.end
		}
	}
	return map[string]any{"keys": keys, "elapsed_ns": end.Sub(start).Nanoseconds()}
}
