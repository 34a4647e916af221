/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likwid_wire.h - messages between a trial and `readmostly-likwid`.
 *
 * They use a Unix socket (SOCK_SEQPACKET), on which each message is one packet
 * of plain text. The helper sends one message per command, "OK ..." or "ERR
 * reason".
 *
 *     INIT 0,1                      count on these kernel CPU numbers
 *     EVENTS A:PMC0,B:PMC1          this event set from now on
 *     GROUP L2                      this performance group; "OK" and a line
 *                                   for each event, "E NAME COUNTER", then
 *                                   for each metric, "M NAME [UNIT]"
 *     START                         all counters from 0
 *     STOP                          "OK v v v v": events x CPUs, event by
 *                                   event; a value is a number or "nan"; of a
 *                                   group, then metrics x CPUs
 *     MARKER 0,1                    instead of INIT, under likwid-perfctr -m:
 *                                   START and STOP are those of a region of
 *                                   these CPUs; STOP returns no values
 *     QUIT                          the trial is done
 *
 * There is one client at a time; a second one receives "ERR busy". The helper
 * ends when its standard input is closed.
 */
#ifndef RM_LIKWID_WIRE_H
#define RM_LIKWID_WIRE_H

enum {
	RM_WIRE_BYTES = 65536, /* maximum length of a message */
	RM_WIRE_CPUS = 1024,   /* maximum number of CPUs in INIT */
	RM_WIRE_COMMAND_TIMEOUT_MS =
	        8000, /* time limit of liblikwid per command */
	RM_WIRE_CLIENT_TIMEOUT_MS =
	        12000, /* time limit of the client per answer */
};

#endif /* RM_LIKWID_WIRE_H */
