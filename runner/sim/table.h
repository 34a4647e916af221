/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - rows of one size, found by a number, in the order they came. */
#ifndef RM_SIM_TABLE_H
#define RM_SIM_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Zero it and set row_bytes. Open addressing over row numbers + 1. */
struct rm_sim_table {
	size_t row_bytes, used;
	unsigned char *rows;
	uint64_t *keys;
	uint32_t *slots;
	size_t room; /* rows; slots are twice as many, a power of two */
};

/* The row of `key`, zeroed if it is new; NULL: no memory. Moves all rows. */
void *rm_sim_table_row(struct rm_sim_table *table, uint64_t key);

/* Forgets all rows. */
void rm_sim_table_clear(struct rm_sim_table *table);

void rm_sim_table_free(struct rm_sim_table *table);

#endif /* RM_SIM_TABLE_H */
