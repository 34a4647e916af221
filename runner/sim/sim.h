/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - the door of this room: the machine that is simulated, as a text file
 * describes it. Other rooms know simulated machines by name, and run cells on
 * them by map programs of flavour sim; the model and what runs on it
 * (model/, guest/, program/) are private.
 *
 *     l1d      = 48Ki 12-way lru           # source of the figure
 *     l2       = 1280Ki 20-way lru victim
 *     transfer = 100 guess 60..200         # nobody measured it for us
 *
 * A cost that is not known names the range it may have: that is what a
 * sensitivity run varies.
 */
#ifndef RM_SIM_H
#define RM_SIM_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RM_SIM_CORES_MAX = 128,
	RM_SIM_LINE_BYTES = 64, /* of every machine: masks are 64 bits */
	RM_SIM_WAYS_MAX = 32,
	RM_SIM_NAME_BYTES = 32,
};

enum rm_sim_policy {
	RM_SIM_LRU,
	RM_SIM_PLRU, /* binary tree; ways are a power of two */
};

/* What a level holds of the lines of the level above it. */
enum rm_sim_inclusion {
	RM_SIM_INCLUSIVE, /* all of them; L2 only */
	RM_SIM_VICTIM, /* none: a line moves up when hit, down when evicted */
	RM_SIM_FILL,   /* filled by every miss, evicts alone; LLC only */
};

struct rm_sim_level {
	uint32_t sets; /* a power of two; 0: this machine has no such level */
	uint32_t ways; /* 1 .. RM_SIM_WAYS_MAX */
	enum rm_sim_policy policy;       /* L2 and LLC: RM_SIM_LRU */
	enum rm_sim_inclusion inclusion; /* not for L1d */
	bool guess;                      /* the policies; sizes never are */
};

/* Cycles; all but the first two are in addition to RM_SIM_COST_L1D. */
enum rm_sim_cost {
	RM_SIM_COST_BASE,   /* instructions beside an access, at each access */
	RM_SIM_COST_L1D,    /* an access that hits L1d */
	RM_SIM_COST_L2,     /* found in this core's L2 */
	RM_SIM_COST_LLC,    /* found in the last-level cache */
	RM_SIM_COST_MEMORY, /* found in memory */
	RM_SIM_COST_TRANSFER, /* found in another core's cache */
	RM_SIM_COST_UPGRADE,  /* a shared line becomes writable */
	RM_SIM_COST_HOLD,     /* a line that changed owner stays busy so long */
	RM_SIM_COST_HOLD_READ, /* a line that was read by one more core, too */
	RM_SIM_COST_RMW,       /* an atomic read-modify-write */
	RM_SIM_COST_FENCE,     /* a full fence */
	RM_SIM_COST_RELAX,     /* one spin-wait hint */
	RM_SIM_COST_FUTEX,     /* a futex system call */
	RM_SIM_COST_WAKE,      /* from the waker's call to the sleeper's run */
	RM_SIM_COSTS,
};

struct rm_sim_cycles {
	uint32_t value;
	uint32_t low, high; /* of a guess; otherwise both are `value` */
	bool guess;
};

struct rm_sim_mach {
	char name[RM_SIM_NAME_BYTES]; /* of the file, without .conf; or host */
	struct rm_sim_level l1d, l2, llc;
	struct rm_sim_cycles cost[RM_SIM_COSTS];
	uint32_t quantum; /* cycles a core may run ahead on private hits */
	uint32_t mhz;     /* virtual cycles per microsecond */
	bool rmw_loads;   /* an atomic read-modify-write is a load, too */
};

/* The keys of costs in a file: "base", "l1d-hit", "l2-hit", ... */
extern const char *const rm_sim_cost_name[RM_SIM_COSTS];

/*
 * Finds a machine: `name` is one of the built-in descriptions (the files of
 * runner/sim/machines/), `host` (this machine by hwloc, costs guessed) or,
 * where it has a slash, a file. 0 or -errno with `error`.
 */
int rm_sim_mach_find(
        const char *name, struct rm_sim_mach *mach, struct rm_error *error);

/* The built-in descriptions, by name; the last one's name is NULL. Made of the
   files by sim.mk. */
struct rm_sim_builtin {
	const char *name, *text;
};
extern const struct rm_sim_builtin rm_sim_builtins[];

#endif /* RM_SIM_H */
