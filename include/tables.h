/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the state, as one list: a new table is a row here and a function
 * NAME_size() in rules/state/, which says what one of its records takes.  From the
 * row come its key in the config group `tables`, its member of struct settings
 * (records) and of struct state (the table), and its line in reports.
 *
 * Besides them: bans, sized by bans.max, and memory in chunks: streams, for bytes, and
 * pipe_times, two for each of pipes.
 */
#ifndef SIPMOAT_TABLES_H
#define SIPMOAT_TABLES_H

#include <stdint.h>

/* X(name, default records, least records, help) */
#define TABLES(X) \
	X(meters, 65536, 1024, "rates remembered at once") \
	X(sources, 131072, 1024, "sources remembered at once") \
	X(visitors, 16384, 1024, "sources that people are shown by their addresses") \
	X(registrants, 8192, 1024, "sources whose registrations are counted") \
	X(offenders, 8192, 1024, "sources whose bans are remembered, so that the next is longer") \
	X(neighbours, 2048, 512, "prefixes around sources that were banned") \
	X(tokens, 32768, 1024, "challenges and tags remembered at once") \
	X(transactions, 32768, 1024, "requests under way, or answered within the last minute") \
	X(dialogs, 16384, 1024, "calls and subscriptions remembered at once") \
	X(subscriptions, 2048, 512, "subscriptions whose names are shown") \
	X(scans, 8192, 1024, "sites and prefixes whose requests were refused or challenged") \
	X(bindings, 16384, 1024, "users bound at sites, for a day longer than they are") \
	X(addresses, 8192, 1024, "addresses-of-record whose contacts are remembered") \
	X(people, 4096, 512, "registered contacts whose names and devices are shown") \
	X(logins, 32768, 1024, "users remembered where they logged in") \
	X(challenges, 32768, 1024, "nonces remembered with whom they were given to") \
	X(guesses, 8192, 1024, "users and sources remembered for failed logins") \
	X(told, 8192, 1024, "findings that are told once a day") \
	X(calls, 4096, 512, "calls under way, or over since a minute") \
	X(legs, 4096, 512, "calls whose both ends are known, so that they can be ended") \
	X(quotas, 16384, 1024, "limits that somebody has used something of") \
	X(pipes, 2048, 512, "what is counted for rate limits (check pipe)") \
	X(approvals, 1024, 512, "tokens that wait for approval, and what was approved") \
	X(digests, 512, 512, "credentials that wait for their answer or for the password audit") \
	X(answers, 4096, 1024, "requests answered in a server's name, for half a minute") \
	X(audits, 4096, 512, "users whose passwords were audited, and nonces in use") \
	X(flows, 8192, 512, "TCP connections followed at once")

#define TABLE_MOST 16777216 /* records */

#define X(name, records, least, help) +1
enum { TABLE_COUNT = 3 TABLES(X) };
#undef X

/* What a table holds; of streams and pipe_times, chunks are its records. */
struct table_fill {
	const char *name;
	uint64_t records, bytes; /* its size */
	uint64_t live;
	uint64_t evicted; /* live records that made room for newcomers, since the start */
	uint64_t refused; /* newcomers that found all others ranked higher, or no room */
};

#endif
