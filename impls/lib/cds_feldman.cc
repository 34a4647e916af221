/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_feldman.cc - Feldman's multi-level array from libcds, with hazard
 * pointers.
 *
 * needs: c++ libcds
 *
 * A lookup announces the item that it finds, with a store and a full fence on a
 * cache line of its own thread.
 */
#define NDEBUG /* as in release builds */

#include <cds/container/feldman_hashset_hp.h>

namespace
{
using reclaimer = cds::gc::HP;
}

#include "impls/lib/cds_feldman.hh"

extern "C" {
extern const struct rm_impl rm_impl_cds_feldman = {
	.id = "cds_feldman",
	.label = "libcds Feldman, HP",
	CDS_FELDMAN("free", "lock-free, hazard ptrs", "lock-free"),
};
}
