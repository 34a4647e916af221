/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_feldman_signal.cc - cds_feldman with the library's RCU by signals.
 *
 * needs: c++ libcds
 *
 * Like cds_feldman_rcu, but a lookup needs no fence: the writer that waits for
 * a grace period sends SIGUSR1 to all threads, whose handlers execute the
 * fence.
 */
#define NDEBUG /* as in release builds */

#include <cds/urcu/signal_buffered.h>

#include <cds/container/feldman_hashset_rcu.h>

namespace
{
struct out_of_line;
}

/* The library calls the disposers of removed items from several places, which
   must stay out of the measured loop (check-dispatch). */
template <>
class cds::urcu::gc<out_of_line> : public cds::urcu::gc<signal_buffered<>>
{
      public:
	template <class Disposer, class T>
	__attribute__((noinline)) static void retire_ptr(T *item)
	{
		gc<signal_buffered<>>::retire_ptr<Disposer>(item);
	}
};

namespace
{
using reclaimer = cds::urcu::gc<out_of_line>;
}

#include "impls/lib/cds_feldman.hh"

extern "C" {
extern const struct rm_impl rm_impl_cds_feldman_signal = {
	.id = "cds_feldman_signal",
	.label = "libcds Feldman, signal RCU",
	CDS_FELDMAN("rcu", "rcu, signals", "blocking"),
};
}
