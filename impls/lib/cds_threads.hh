/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_threads.hh - libcds and the threads that use it.
 *
 * The library and its hazard pointers are one for the process, begun by the
 * first table and never ended. Each thread is attached while it uses a table,
 * also that which makes or destroys one.
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
/* For 100 threads at least, which is the library's default: what a thread may
   hold back follows from it. In a place of its own, where no destructor ends
   it before the process does. */
bool cds_begin()
{
	alignas(cds::gc::HP) static unsigned char room[sizeof(cds::gc::HP)];

	cds::Initialize();
	new (room) cds::gc::HP(
	        0, std::max(100U, std::thread::hardware_concurrency()));
	return true;
}

/* The library counts how often a thread was attached. */
void cds_enter()
{
	static const bool begun = cds_begin();

	(void)begun;
	cds::threading::Manager::attachThread();
}

void cds_exit()
{
	cds::threading::Manager::detachThread();
}

/* The base of a table whose thread is attached while it is made and destroyed:
   its constructor ends with cds_exit(), its destructor begins with
   cds_enter(), and the members come and go in between. */
struct cds_table {
	cds_table()
	{
		cds_enter();
	}

	~cds_table()
	{
		cds_exit();
	}

	static void begin_thread()
	{
		cds_enter();
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
