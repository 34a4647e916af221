/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - see table.h. */
#include "runner/sim/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct rm_sim_table *table, uint64_t key)
{
	size_t mask = 2 * table->room - 1;
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

	for (;; at++) {
		uint32_t row = table->slots[at & mask];

		if (row == 0 || table->keys[row - 1] == key)
			return at & mask;
	}
}

static bool grow(struct rm_sim_table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	unsigned char *rows = realloc(table->rows, room * table->row_bytes);
	uint64_t *keys;
	uint32_t *slots;

	if (rows)
		table->rows = rows;
	keys = realloc(table->keys, room * sizeof(*keys));
	if (keys)
		table->keys = keys;
	slots = calloc(2 * room, sizeof(*slots));
	if (!rows || !keys || !slots) {
		free(slots);
		return false;
	}
	free(table->slots);
	table->slots = slots;
	table->room = room;
	for (size_t i = 0; i < table->used; i++)
		slots[slot_of(table, keys[i])] = (uint32_t)i + 1;
	return true;
}

void *rm_sim_table_row(struct rm_sim_table *table, uint64_t key)
{
	size_t slot;

	if (table->used == table->room && !grow(table))
		return NULL;
	slot = slot_of(table, key);
	if (table->slots[slot] == 0) {
		table->keys[table->used] = key;
		memset(table->rows + table->used * table->row_bytes, 0,
		        table->row_bytes);
		table->slots[slot] = (uint32_t)++table->used;
	}
	return table->rows +
	       (size_t)(table->slots[slot] - 1) * table->row_bytes;
}

void rm_sim_table_clear(struct rm_sim_table *table)
{
	if (table->slots)
		memset(table->slots, 0, 2 * table->room * sizeof(uint32_t));
	table->used = 0;
}

void rm_sim_table_free(struct rm_sim_table *table)
{
	free(table->rows);
	free(table->keys);
	free(table->slots);
}
