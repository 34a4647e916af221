/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a bulk load gives the same map as upserts. */
#include "verify/check/internal.h"

#include <stdlib.h>

static void make_entry(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	struct rm_peer *peer = (struct rm_peer *)(uintptr_t)source->context;

	*key = rm_peer_key(peer, i);
	*value = rm_value_of(i, 0, i + 1);
}

/* Loads the map. After that each key must have its value, other keys must be
 * absent, and the map must still work. */
static void load_and_check(struct rm_peer *peer)
{
	const size_t count = *(const size_t *)peer->peers->context;
	const struct rm_source source = {
		.count = count, .at = make_entry, .context = peer
	};
	int code = peer->ops->load(peer->thread, peer->shape, &source);

	if (code) {
		rm_peer_fail(peer, "load of %zu keys returned %d", count, code);
		return;
	}
	if (peer->ops->length && peer->ops->length(peer->thread) != count)
		rm_peer_fail(peer, "length() is %zu after a load of %zu keys",
		        peer->ops->length(peer->thread), count);
	for (size_t i = 0; i < count * 2 + 2 && rm_peer_tick(peer); i++) {
		struct rm_value value = { { 0 } };
		struct rm_key key = rm_peer_key(peer, i);
		bool was_there = peer->ops->lookup(
		        peer->thread, peer->shape, key, &value);

		if (was_there != (i < count))
			rm_peer_fail(peer, "rank %zu of %zu is %s", i, count,
			        was_there ? "there" : "not there");
		else if (was_there &&
		         value.word[0] >> 44 != (i + 1) % (1 << 20))
			rm_peer_fail(peer, "rank %zu has a wrong value", i);
		else if (was_there)
			rm_peer_verify(peer, &value, i, "lookup after load");
		if (rm_map_remove(peer->ops, peer->thread, peer->shape, key) !=
		        was_there)
			rm_peer_fail(peer,
			        "remove of rank %zu returned the "
			        "opposite of lookup",
			        i);
	}
}

int rm_check_load(const struct rm_check_case *c, struct rm_error *error)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 13, 14, 64, 65, 104, 105,
		1000, 20000 };
	const size_t steps = sizeof(sizes) / sizeof(sizes[0]);
	/* a removal takes O(keys) time in these maps */
	const size_t last = c->impl->caps & RM_CAP_SLOW_WRITES ? 1 : 0;
	const struct rm_case_phase phases[] = { { 1, load_and_check }, { 0 } };
	int code = 0;

	for (size_t i = 0; i < (steps - last) * 2 && !code; i++) {
		size_t count = sizes[i / 2];

		code = rm_case_play(c, count, i & 1, phases, &count, error);
	}
	return code;
}
