/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_writes.hh - writes to libcds sets whose update replaces the whole item.
 *
 * The includer defines `cds_item`, with a member `value`, and `items`, the set.
 * Each function called callback_ contains the only call through a pointer, so
 * check-dispatch exempts their names.
 */
extern "C" {
static __attribute__((noinline)) bool callback_put(
        items *set, const cds_item *item, rm_value *old)
{
	const auto [done, is_new] = set->update(
	        *item, [&](const cds_item &, const cds_item *before) {
		        if (before)
			        give(old, before->value);
	        });

	(void)done;
	return !is_new;
}

static __attribute__((noinline)) bool callback_drop(
        items *set, uint64_t key, rm_value *old)
{
	return set->erase(
	        key, [&](const cds_item &item) { give(old, item.value); });
}
}

namespace
{
/* The library's insert does not return the present value. */
template <class Table>
bool add_item(
        Table *table, uint64_t key, const cds_item &item, rm_value *present)
{
	for (;;) {
		if (table->find(key, present))
			return true;
		if (table->entries.insert(item))
			return false;
	}
}
} // namespace
