// SPDX-License-Identifier: Apache-2.0

// Trial measures Go's own maps through the trial protocol
// (docs/trial-protocol.md): a map[uint64]uint64 under sync.RWMutex, called
// gomap_rw as its port is, and a sync.Map, called syncmap. The measured loop
// is runner/driver.h, written in Go: same generator, keys and check of values.
// It runs uniform closed loops of updates on u64x8; of other cells it says so.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// The version of docs/trial-protocol.md that this program speaks.
const protocol = 2

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
}

type request struct {
	Protocol     *int            `json:"protocol"`
	Cell         *cell           `json:"cell"`
	Seed         *uint64         `json:"seed"`
	ControlExtra *float64        `json:"control_extra"`
	Counters     json.RawMessage `json:"counters"`
}

func main() {
	if len(os.Args) != 2 || os.Args[1] != "trial" {
		fmt.Fprintln(os.Stderr, "usage: trial trial <request >result")
		os.Exit(2)
	}
	r, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "request:", err)
		os.Exit(2)
	}
	result := map[string]any{"protocol": protocol, "cell": *r.Cell.ID}
	if reason := refuses(r); reason != "" {
		result["status"], result["reason"] = "failed", reason
	} else {
		// When run by hand nobody else watches the deadline.
		time.AfterFunc(time.Duration(*r.Cell.DeadlineNs)+time.Second,
			func() { os.Exit(3) })
		countVerification(r.Cell)
		run(r).report(result)
	}
	line, err := json.Marshal(result)
	if err != nil {
		fmt.Fprintln(os.Stderr, "result:", err)
		os.Exit(3)
	}
	os.Stdout.Write(append(line, '\n'))
}

// countVerification makes a verification a window of its writes. It holds by the
// sums over keys alone: Go's maps do not return the value that they replace.
func countVerification(c *cell) {
	if *c.Measure == "verify" {
		threads := uint64(*c.Threads)
		*c.WindowOps = (*c.VerifyOps + threads - 1) / threads
		*c.WindowNs = 0
	}
}

// read takes one request; every member must be there, and no other.
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
	if *r.Protocol != protocol {
		return nil, fmt.Errorf("protocol is not %d", protocol)
	}
	if *r.Cell.Threads < 1 || *r.Cell.Keys < 1 ||
		len(*r.Cell.CPUs) != 0 && len(*r.Cell.CPUs) != *r.Cell.Threads {
		return nil, fmt.Errorf("keys, threads or cpus out of range")
	}
	return r, nil
}

// refuses tells why this program cannot run the cell, or "".
func refuses(r *request) string {
	c := r.Cell
	var counters struct{ Backend string }
	json.Unmarshal(r.Counters, &counters)
	switch {
	case *c.Map != "gomap_rw" && *c.Map != "syncmap":
		return "Go's trial has gomap_rw and syncmap, not " + *c.Map
	case *c.Shape != "u64x8" || *c.WriteKind != "update" ||
		*c.Dist != "uniform" || *c.Loop != "mix" ||
		*c.Measure != "throughput" && *c.Measure != "verify" ||
		*c.MissShare != 0:
		return "Go's trial measures throughput of uniform closed loops of " +
			"updates on u64x8 without misses"
	case *c.Memory != "first-touch":
		return "Go's trial has memory first-touch only"
	case counters.Backend != "none":
		return "Go's trial has no counters"
	case *c.Measure == "throughput" &&
		(*c.WindowNs == 0) == (*c.WindowOps == 0):
		return "exactly one of window_ns and window_ops is needed"
	}
	return ""
}
