// SPDX-License-Identifier: Apache-2.0

// Replay reads traces on standard input (tests/go/trace.h), executes them on
// Go's own maps, and prints the internal state (docs/go-equality.md). It uses
// only the standard library.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
)

// players has the function that replays a trace, by its set of operations.
var players = map[string]func(*trace, *logger){
	"native":  playNative,
	"filling": playNative,
	"turning": playNative,
	"growth":  playGrowth,
	"floats":  playFloats,
	"nil":     playNil,
	"classic": playSync,
	"full":    playSync,
}

func main() {
	every := flag.Int("every", 1, "print the state each N steps")
	version := flag.Bool("version", false, "print the version of Go, and end")
	flag.Parse()
	if *version {
		fmt.Println(runtime.Version())
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		t, err := readTrace(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "replay:", err)
			out.Flush()
			os.Exit(1)
		}
		fmt.Fprintf(out, "log %s %s\n", t.name, runtime.Version())
		fmt.Fprintf(out, "trace %016x\n", t.digest())
		players[t.set](t, &logger{out: out, every: *every, last: len(t.steps)})
	}
}

// logger prints states with the numbers of their steps. Each line ends with a
// digest of all states so far, so that a log with few lines covers every step.
type logger struct {
	out         *bufio.Writer
	every, last int
	digest      uint64
	line        []byte
}

// state logs a state. It prints the state of every l.every-th step, and of
// other steps only if print is true.
func (l *logger) state(step int, fields []uint64, print bool) {
	for _, field := range fields {
		l.digest = seed(l.digest, field)
	}
	if step%l.every != 0 && step != l.last && !print {
		return
	}
	l.line = append(l.line[:0], 's', ' ')
	l.line = strconv.AppendInt(l.line, int64(step), 10)
	for _, field := range fields {
		l.line = append(l.line, ' ')
		l.line = strconv.AppendUint(l.line, field, 16)
	}
	l.line = append(l.line, ' ')
	l.line = strconv.AppendUint(l.line, l.digest, 16)
	l.line = append(l.line, '\n')
	l.out.Write(l.line)
}
