/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - public header: the description of a simulated machine, read from a
 * text file. Other modules choose a machine by its name, and run map programs
 * of flavour sim on it. The folders model/, guest/ and program/ are private.
 *
 *     l1d      = 48Ki 12-way lru           # source of the figure
 *     l2       = 1280Ki 20-way lru victim
 *     transfer = 100 guess 60..200         # not measured by us
 *
 * A guessed cost gives its possible range, which sensitivity runs vary.
 */
#ifndef RM_SIM_H
#define RM_SIM_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RM_SIM_CORES_MAX = 128,
	RM_SIM_LINE_BYTES = 64, /* same in all machines: masks have 64 bits */
	RM_SIM_WAYS_MAX = 32,
	RM_SIM_NAME_BYTES = 32,
};

enum rm_sim_policy {
	RM_SIM_LRU,
	RM_SIM_PLRU, /* binary tree; the number of ways must be a power of
	                two */
};

/* Relation of a cache level to the level above it. */
enum rm_sim_inclusion {
	RM_SIM_INCLUSIVE, /* holds all lines of the level above; only L2 */
	RM_SIM_VICTIM,    /* holds none of them: a hit moves a line up, and an
	                     eviction moves it down */
	RM_SIM_FILL,      /* filled on each miss, and evicts independently; only
	                     LLC */
};

struct rm_sim_level {
	uint32_t sets;             /* a power of two; 0: no such level */
	uint32_t ways;             /* number of ways, 1 .. RM_SIM_WAYS_MAX */
	enum rm_sim_policy policy; /* RM_SIM_LRU in L2 and LLC */
	enum rm_sim_inclusion inclusion; /* unused in L1d */
	bool guess; /* the policies are guessed; sizes are never guessed */
};

/* Costs in cycles. All costs of an access except the first two are added to
   RM_SIM_COST_L1D. */
enum rm_sim_cost {
	RM_SIM_COST_BASE,     /* other instructions, per access */
	RM_SIM_COST_L1D,      /* an access that hits the L1d */
	RM_SIM_COST_L2,       /* found in this core's L2 */
	RM_SIM_COST_LLC,      /* found in the last-level cache */
	RM_SIM_COST_MEMORY,   /* found in memory */
	RM_SIM_COST_TRANSFER, /* found in another core's cache */
	RM_SIM_COST_UPGRADE,  /* a shared line becomes writable */
	RM_SIM_COST_HOLD, /* how long a line is busy after it changed owner */
	RM_SIM_COST_HOLD_READ, /* busy time after another core read a line */
	RM_SIM_COST_RMW,       /* an atomic read-modify-write */
	RM_SIM_COST_FENCE,     /* a full fence */
	RM_SIM_COST_RELAX,     /* one spin-wait hint */
	RM_SIM_COST_FUTEX,     /* a system call, e.g. futex */
	RM_SIM_COST_WAKE,      /* from the wake until the thread runs */
	RM_SIM_COSTS,
};

struct rm_sim_cycles {
	uint32_t value;
	uint32_t low, high; /* range of a guess; otherwise both equal `value` */
	bool guess;
};

struct rm_sim_mach {
	char name[RM_SIM_NAME_BYTES]; /* file name without .conf, or "host" */
	struct rm_sim_level l1d, l2, llc;
	struct rm_sim_cycles cost[RM_SIM_COSTS];
	uint32_t quantum; /* cycles of lead on private hits */
	uint32_t mhz;     /* virtual cycles per microsecond */
	bool rmw_loads;   /* true: a read-modify-write also counts as a load */
};

/* Keys of costs in a file: "base", "l1d-hit", "l2-hit", ... */
extern const char *const rm_sim_cost_name[RM_SIM_COSTS];

/*
 * Finds a machine. `name` is a built-in description (a file of
 * runner/sim/machines/); or `host`, which is this machine as hwloc describes
 * it, with guessed costs; or a file if it contains a slash. Returns 0 or -errno
 * with `error`.
 */
int rm_sim_mach_find(
        const char *name, struct rm_sim_mach *mach, struct rm_error *error);

/* The built-in descriptions with their names, terminated by a NULL name. sim.mk
   generates them from the files. */
struct rm_sim_builtin {
	const char *name, *text;
};
extern const struct rm_sim_builtin rm_sim_builtins[];

#endif /* RM_SIM_H */
