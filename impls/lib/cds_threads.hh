/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_threads.hh - libcds and the threads that use it.
 *
 * The process has one library instance with its hazard pointers. The first
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
/* The instance is made for at least 100 threads, the library's default; this
   number determines how much memory a thread may retain. It is in static
   memory, so that no destructor runs before the process ends. */
bool cds_begin()
{
	alignas(cds::gc::HP) static unsigned char memory[sizeof(cds::gc::HP)];

	cds::Initialize();
	new (memory) cds::gc::HP(
	        0, std::max(100U, std::thread::hardware_concurrency()));
	return true;
}

/* Calls may nest, because the library counts how often a thread was
   attached. */
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

/* The base of a table whose thread is attached during construction and
   destruction. Its constructor ends with cds_exit(), its destructor begins with
   cds_enter(), and the members live in between. */
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
