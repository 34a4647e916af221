/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_feldman_rcu.cc - cds_feldman with the library's general RCU.
 *
 * needs: c++ libcds
 *
 * A lookup enters and leaves a read-side section: two stores and a full fence
 * on a cache line of its own thread. All threads share a buffer of 256 removed
 * items. The writer that fills it waits for a grace period.
 */
#define NDEBUG /* as in release builds */

#include <cds/urcu/general_buffered.h>

#include <cds/container/feldman_hashset_rcu.h>

namespace
{
using reclaimer = cds::urcu::gc<cds::urcu::general_buffered<>>;
}

#include "impls/lib/cds_feldman.hh"

extern "C" {
extern const struct rm_impl rm_impl_cds_feldman_rcu = {
	.id = "cds_feldman_rcu",
	.label = "libcds Feldman, RCU",
	CDS_FELDMAN("rcu", "rcu, fence per lookup", "blocking"),
};
}
