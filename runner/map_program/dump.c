/* SPDX-License-Identifier: Apache-2.0 */
/* dump.c - `ID dump`: fills the map and prints its inner state. */
#include "runner/base/error.h"
#include "runner/base/limits.h"
#include "runner/decimal_key.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_PRESIZE = 256, OPTION_LOOKUPS, OPTION_DECIMAL };

struct args {
	struct rm_sizing sizing;
	uint64_t keys, lookups;
	const char *map;
	bool decimal;
};

static const struct argp_option options[] = {
	{ "keys", 'k', "N", 0, "number of entries, e.g. 64Ki (1000)", 0 },
	{ "lookups", OPTION_LOOKUPS, "N", 0,
	        "look-ups after the fill, of all keys in turn (0); they make "
	        "sync.Map promote entries",
	        0 },
	{ "shape", 'S', "SHAPE", 0,
	        "u64x8, u64x24, str16x8 or str16x24 (u64x8)", 0 },
	{ "decimal", OPTION_DECIMAL, NULL, 0,
	        "for string shapes: keys are decimal numbers 0, 1, 2 ..., as "
	        "in the loop fill:decimal",
	        0 },
	{ "seed", 's', "N", 0, "seed of the map's hash (1)", 0 },
	{ "presize", OPTION_PRESIZE, NULL, 0,
	        "create the map for that many keys instead of letting it grow",
	        0 },
	{ 0 }
};

static void check(struct argp_state *state, const struct args *args)
{
	if (!args->map)
		argp_error(state, "expected a map's id");
	if (args->decimal && !args->sizing.shape.str)
		argp_error(state,
		        "--decimal: expected --shape str16x8 or str16x24");
}

/* Parses an option. Limits the number of keys, because a value stores its rank
   in 32 bits (runner/keys.h). */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case 'k':
		args->keys =
		        rm_argument_number(state, "keys", text, 0, UINT32_MAX);
		return 0;
	case OPTION_LOOKUPS:
		args->lookups = rm_argument_number(
		        state, "lookups", text, 0, UINT32_MAX);
		return 0;
	case 's':
		args->sizing.seed =
		        rm_argument_number(state, "seed", text, 0, UINT32_MAX);
		return 0;
	case 'S':
		rm_argument_shape(state, text, &args->sizing.shape);
		if (!rm_shape_built(args->sizing.shape))
			argp_error(state,
			        "--shape %s: expected a shape of this program",
			        text);
		return 0;
	case OPTION_DECIMAL:
		args->decimal = true;
		return 0;
	case OPTION_PRESIZE:
		args->sizing.presize = true;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &args->map, text, "map");
		return 0;
	case ARGP_KEY_END:
		check(state, args);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "MAP",
	"Fills a map with --keys entries, as the prefill of a trial does on "
	"one thread, and prints its inner state: for Go's maps the header, the "
	"number of entries per chain (and the number expected by chance), the "
	"lengths of chains, and collisions of three keys; for sync.Map the "
	"division of entries between read and dirty. Then prints the map's "
	"statistics.",
	NULL, NULL, NULL };

static struct rm_key key_of(
        const struct args *args, uint64_t rank, struct rm_key_bytes *line)
{
	return args->decimal ? rm_decimal_key(rank, line)
	                     : rm_key_of(args->sizing.shape, rank, line);
}

/* Fills the map. Calls quiesce() as the measured loop does, since otherwise
   memory that growth retired would count as in use. */
static void fill(
        const struct rm_map_ops *ops, const struct args *args, void *thread)
{
	struct rm_shape shape = args->sizing.shape;
	struct rm_key_bytes line = { .bytes = "" };
	struct rm_value value;

	for (uint64_t rank = 0; rank < args->keys; rank++) {
		struct rm_key key = key_of(args, rank, &line);

		value = rm_value_of(rank, 0, 0);
		rm_map_upsert(ops, thread, shape, key, &value);
		if (rank % 64 == 0)
			ops->quiesce(thread);
	}
	for (uint64_t i = 0; args->keys && i < args->lookups; i++) {
		ops->lookup(thread, shape, key_of(args, i % args->keys, &line),
		        &value);
		if (i % 64 == 0)
			ops->quiesce(thread);
	}
}

static void print_stat(
        void *context, const char *name, const char *unit, double value)
{
	(void)context;
	if (isfinite(value))
		printf("%-24s %20.0f %s\n", name, value, unit);
}

/* Prints the inner state. The thread leaves before the map is destroyed,
   because rm_map_ops.destroy requires that no thread is joined, and because
   leave() hands over its retired memory (runner/map.h). */
static int dump(const struct rm_impl *impl, const struct args *args)
{
	const struct rm_map_ops *ops = impl->ops;
	void *map = ops->create(&args->sizing);
	void *thread = map ? ops->join(map, 0) : NULL;

	if (!thread) {
		fprintf(stderr, "readmostly dev dump: out of memory\n");
		return RM_FAILED;
	}
	fill(ops, args, thread);
	if (ops->dump)
		ops->dump(map, STDOUT_FILENO);
	else
		printf("%s does not show its inner state\n", impl->id);
	fflush(stdout);
	if (ops->stats)
		ops->stats(map, print_stat, NULL);
	ops->leave(thread);
	ops->destroy(map);
	return RM_OK;
}

/* Compares the estimate of `readmostly plan` with the remaining memory. */
static bool has_memory(const struct args *args)
{
	const uint64_t entry_bytes = 64, mib = 1 << 20;
	const struct rm_shape shape = args->sizing.shape;
	const uint64_t payload = (shape.str ? 16 : 8) + shape.value_bytes;
	const uint64_t needed = args->keys * (2 * payload + entry_bytes);
	struct rm_limits limits;

	rm_limits_read(&limits);
	if (needed <= rm_limits_trial_bytes(&limits))
		return true;
	fprintf(stderr,
	        "readmostly dev dump: --keys %" PRIu64 " needs about %" PRIu64
	        " MiB of memory and may take %" PRIu64
	        ", half of what is left (%.400s): raise this limit, or set "
	        "fewer keys\n",
	        args->keys, needed / mib, rm_limits_trial_bytes(&limits) / mib,
	        limits.memory.source);
	return false;
}

static bool can_fill(const struct rm_impl *impl, struct rm_shape shape)
{
	return impl->shapes & 1U << rm_shape_index(shape) && impl->ops->lookup;
}

int rm_program_dump(int argc, char **argv)
{
	static char name[] = "readmostly dev dump";
	struct args args = { .keys = 1000,
		.sizing = { .threads = 1, .shape = RM_U64X8, .seed = 1 } };

	argv[0] = name;
	rm_argument_parse(&argp, argc, argv, &args);
	if (strcmp(args.map, rm_this_map.id)) {
		fprintf(stderr,
		        "readmostly dev dump: no map is called \"%s\"; "
		        "`readmostly dev list` prints all\n",
		        args.map);
		return RM_USAGE;
	}
	if (!can_fill(&rm_this_map, args.sizing.shape)) {
		fprintf(stderr,
		        "readmostly dev dump: %s cannot be filled with keys of "
		        "that shape\n",
		        rm_this_map.id);
		return RM_USAGE;
	}
	if (!has_memory(&args))
		return RM_INCOMPLETE;
	args.sizing.keys = args.keys ? args.keys : 1;
	return dump(&rm_this_map, &args);
}
