// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// The version of docs/reference/trial-protocol.md.
const protocol = 2

// cell has pointers for members that every request must have, to detect missing members.
type cell struct {
	ID         *string  `json:"id"`
	Workload   *string  `json:"workload"`
	Map        *string  `json:"map"`
	Shape      *string  `json:"shape"`
	Keys       *uint64  `json:"keys"`
	WriteShare *float64 `json:"write_share"`
	MissShare  *float64 `json:"miss_share"`
	WriteKind  *string  `json:"write_kind"`
	Dist       *string  `json:"dist"`
	Loop       *string  `json:"loop"`
	RatePerS   *float64 `json:"rate_per_s"`
	Arrivals   *string  `json:"arrivals"`
	Threads    *int     `json:"threads"`
	Placement  *string  `json:"placement"`
	Memory     *string  `json:"memory"`
	CPUs       *[]int   `json:"cpus"`
	Presize    *bool    `json:"presize"`
	WarmUpNs   *int64   `json:"warm_up_ns"`
	WindowNs   *int64   `json:"window_ns"`
	WindowOps  *uint64  `json:"window_ops"`
	DeadlineNs *int64   `json:"deadline_ns"`
	VerifyOps  *uint64  `json:"verify_ops"`
	Measure    *string  `json:"measure"`

	// The following members may be missing; they then have their defaults.
	Trace      json.RawMessage `json:"trace"`
	Settle     string          `json:"settle"`
	ClockRate  string          `json:"clock_rate"` // has no effect: nothing expires
	Allocator  string          `json:"allocator"`
	HugePages  string          `json:"huge_pages"`
	Goroutines string          `json:"goroutines"`
	KeyDiffers string          `json:"key_differs"`
}

type request struct {
	Protocol     *int            `json:"protocol"`
	Cell         *cell           `json:"cell"`
	Seed         *uint64         `json:"seed"`
	ControlExtra *float64        `json:"control_extra"`
	Counters     json.RawMessage `json:"counters"`
}

func (c *cell) verifies() bool { return *c.Measure == "verify" }
func (c *cell) paced() bool    { return *c.Loop == "paced" }

// supportsLoop returns whether maps.tsv lists the loop in its column loops. Programs (interface
// program) have a check of their own.
func (c *cell) supportsLoop() bool {
	if _, ok, _ := c.programMaker(); ok {
		return true
	}
	switch *c.Measure {
	case "latency":
		return c.paced()
	case "throughput", "verify":
		return *c.Loop == "mix"
	}
	return false
}

// differs returns whether string keys differ after their first 8 bytes.
func (c *cell) differs() bool {
	return c.KeyDiffers != "" && c.KeyDiffers != "first"
}

// wired returns whether goroutines have threads of their own, bound to their CPUs. Otherwise the
// scheduler places them, on threads that may run on any CPU of the cell.
func (c *cell) wired() bool { return c.Goroutines == "wired" }

// read reads one request. Every member must be present, and no other.
func read(in io.Reader) (*request, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	r := &request{}
	if err := decoder.Decode(r); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, fmt.Errorf("more than one JSON value")
	}
	if name := missing(r); name != "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	if err := r.Cell.normalizeMap(); err != nil {
		return nil, err
	}
	return r, r.wrong()
}

// arm is "classic_" or "other_" in programs built by a compiler other than the newest. The ids of
// their maps are go_classic_X and go_other_X (impls/languages.mk).
var arm string

// normalizeMap changes the id of a map of this program to go_X, whichever compiler built the
// program.
func (c *cell) normalizeMap() error {
	prefix := "go_" + arm
	switch {
	case strings.HasPrefix(*c.Map, prefix):
		*c.Map = "go_" + (*c.Map)[len(prefix):]
	case strings.HasPrefix(*c.Map, "go_"):
		return fmt.Errorf("map %s belongs to another program: expected %s...",
			*c.Map, prefix)
	}
	return nil
}

func missing(r *request) string {
	if name := missingMember(reflect.ValueOf(*r)); name != "" {
		return name
	}
	return missingMember(reflect.ValueOf(*r.Cell))
}

// missingMember returns the name of a required member that the object lacks, or "".
func missingMember(object reflect.Value) string {
	for i := 0; i < object.NumField(); i++ {
		field, kind := object.Type().Field(i), object.Field(i).Kind()
		must := kind == reflect.Ptr || field.Name == "Counters"
		if must && object.Field(i).IsNil() {
			return field.Tag.Get("json")
		}
	}
	return ""
}

// wrong returns an error that every program would find in the request, or "".
func (r *request) wrong() error {
	c := r.Cell
	_, settles := renewals(c.Settle)
	switch {
	case *r.Protocol != protocol:
		return fmt.Errorf("protocol is not %d", protocol)
	case *c.Threads < 1 || *c.Keys < 1 ||
		len(*c.CPUs) != 0 && len(*c.CPUs) != *c.Threads:
		return fmt.Errorf("keys, threads or cpus out of range")
	case c.paced() != (*c.RatePerS > 0):
		return fmt.Errorf("rate_per_s: expected above 0 for a paced loop, " +
			"and 0 for a closed one")
	case *c.Arrivals != "poisson" && *c.Arrivals != "constant":
		return fmt.Errorf("arrivals: expected poisson or constant")
	case c.Goroutines != "" && c.Goroutines != "wired" && c.Goroutines != "free":
		return fmt.Errorf("goroutines: expected free or wired")
	case !settles:
		return fmt.Errorf("settle: expected yes, no or renewed:1 to renewed:100")
	case c.differs() && c.KeyDiffers != "middle" && c.KeyDiffers != "last":
		return fmt.Errorf("key_differs: expected first, middle or last")
	case c.verifies() && *c.VerifyOps == 0,
		!c.verifies() && (*c.WindowNs == 0) == (*c.WindowOps == 0):
		return fmt.Errorf("exactly one of window_ns and window_ops is " +
			"needed, and verify_ops to verify")
	}
	return nil
}

// refusal returns the reason why this program cannot run the cell, or "".
func refusal(r *request) string {
	c := r.Cell
	var counters struct{ Backend string }
	json.Unmarshal(r.Counters, &counters)
	isDefault := func(value, usual string) bool { return value == "" || value == usual }
	_, err := distributionOf(*c.Dist)
	_, isTechnique := techniques[*c.Map]
	_, hasProgram, reason := c.programMaker()
	switch {
	case reason != "":
		return reason
	case isTechnique && !hasProgram:
		return "a technique has no keys to verify"
	case !isTechnique && newTable(*c.Map, *c.Shape, 0) == nil:
		return fmt.Sprintf("readmostly-go has no map %s for %s, expected "+
			"one of %s, and a shape of its row in maps.tsv", *c.Map, *c.Shape,
			strings.Join(ids(), " "))
	case c.differs() && keyBytes(*c.Shape) != 16:
		return "key_differs applies to string keys of 16 bytes, not to " + *c.Shape
	case c.differs() != placed:
		return "key_differs " + c.KeyDiffers + " runs in maps/placed, other " +
			"cells in maps/plain"
	case c.verifies() && strings.HasPrefix(c.Settle, "renewed:"):
		return "a verification does not renew keys: settle " + c.Settle
	case c.verifies() && hasNoEntries(newTable(*c.Map, *c.Shape, 0)):
		return "this map holds nothing that could be verified"
	case hasProgram && !isTechnique && (*c.WarmUpNs > 0 || strings.HasPrefix(c.Settle, "renewed:")):
		return "the loop " + *c.Loop + " begins with an empty map: warm_up_ns must be 0, " +
			"and settle must not renew keys"
	case hasProgram && !isTechnique && hasNoEntries(newTable(*c.Map, *c.Shape, 0)):
		return "this map holds nothing that could be filled"
	case !c.supportsLoop():
		return "readmostly-go measures throughput of mix, fill, random-fill and " +
			"grow, and latency of the loop paced"
	case err != nil || len(c.Trace) > 0:
		return "readmostly-go draws its keys: it cannot replay a trace"
	case *c.WriteKind != "update" && *c.WriteKind != "churn" && *c.WriteKind != "fresh":
		return "readmostly-go has no write kind " + *c.WriteKind
	case *c.Memory != "first-touch" || !isDefault(c.Allocator, "glibc") ||
		!isDefault(c.HugePages, "system"):
		return "readmostly-go supports only its own allocator and memory = first-touch"
	case counters.Backend != "none":
		return "readmostly-go has no counters"
	}
	return ""
}
