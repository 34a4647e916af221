// SPDX-License-Identifier: Apache-2.0

// Readmostly-go measures Go's own maps through the trial protocol
// (docs/reference/trial-protocol.md). The measured loop is the same as in runner/driver.h, with the
// same generator, keys, order of operations and checks. maps.tsv describes the maps; docs/adr/0027
// gives the reasons for this program.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const usageText = `usage: readmostly-go COMMAND <request

  trial     runs one cell: a request on standard input, a result on standard output
  sequence  prints a digest of the first window_ops operations of the request
  arrivals  prints how many operations of each thread are due, and a digest of when
  buckets   prints a digest of the buckets of window_ops latencies
`

func main() {
	commands := map[string]func(*request) (string, error){
		"trial":    trial,
		"sequence": printed(sequenceOf),
		"arrivals": printed(arrivalsOf),
		"buckets":  printed(bucketsOf),
	}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usageText)
		os.Exit(2)
	}
	r, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "request:", err)
		os.Exit(2)
	}
	line, err := commands[os.Args[1]](r)
	if err == nil {
		_, err = fmt.Println(line)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "result:", err)
		os.Exit(3)
	}
}

func printed(of func(*request) string) func(*request) (string, error) {
	return func(r *request) (string, error) { return of(r), nil }
}

func trial(r *request) (string, error) {
	result := map[string]any{"protocol": protocol, "cell": *r.Cell.ID}
	if reason := refusal(r); reason != "" {
		result["status"], result["reason"] = "failed", reason
	} else {
		// Trials started by hand have no other watchdog for the deadline.
		time.AfterFunc(time.Duration(*r.Cell.DeadlineNs)+time.Second,
			func() { os.Exit(3) })
		run(r).report(result)
	}
	line, err := json.Marshal(result)
	return string(line), err
}
