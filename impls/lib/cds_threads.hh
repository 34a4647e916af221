/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_threads.hh - libcds and the threads that use it.
 *
 * The process has one library instance with one way of reclamation. The first
 * table creates it, and it is never destroyed. A thread is attached while it
 * uses, creates or destroys a table.
 */
#ifndef RM_CDS_THREADS_HH
#define RM_CDS_THREADS_HH

#include "impls/lib/cxx_map.hh"

#include <algorithm>
#include <cds/gc/hp.h>
#include <cds/init.h>
#include <cds/version.h>
#include <thread>

namespace
{
/* Hazard pointers are made for at least 100 threads, the library's default;
   this number determines how much memory a thread may retain. The instance is
   in static memory, so that no destructor runs before the process ends. */
template <class Reclaimer> bool cds_begin()
{
	alignas(Reclaimer) static unsigned char memory[sizeof(Reclaimer)];

	cds::Initialize();
	if constexpr (std::is_same_v<Reclaimer, cds::gc::HP>)
		new (memory) Reclaimer(
		        0, std::max(100U, std::thread::hardware_concurrency()));
	else
		new (memory) Reclaimer;
	return true;
}

/* Calls may nest, because the library counts how often a thread was
   attached. */
template <class Reclaimer> void cds_enter()
{
	static const bool begun = cds_begin<Reclaimer>();

	(void)begun;
	cds::threading::Manager::attachThread();
}

void cds_exit()
{
	cds::threading::Manager::detachThread();
}

/* The base of a table whose thread is attached during construction and
   destruction. Its constructor ends with cds_exit(), its destructor begins with
   cds_enter(), and the members live in between. */
template <class Reclaimer> struct cds_table {
	cds_table()
	{
		cds_enter<Reclaimer>();
	}

	~cds_table()
	{
		cds_exit();
	}

	static void begin_thread()
	{
		cds_enter<Reclaimer>();
	}

	static void end_thread()
	{
		cds_exit();
	}
};

const char *version()
{
	return CDS_VERSION_STRING;
}
} // namespace

#endif
