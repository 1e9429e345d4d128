/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The saved state behind its checksum: for saved.c, and for those who feed it odd bytes.
 *
 * In order: a head, what is known of the servers, the tables, a checksum of all before.
 * A table is a head and any number of groups of buckets, each with its shard and length;
 * one of length 0 ends it.  All of it in the byte order and the layout of the build that
 * wrote it: another build must not take it for its own, and the numbers below see to it.
 *
 * The checksum finds damage.  It protects from nobody: its key is in the file.
 *
 * Ownership: the caller's bytes.  Locking: as in engine.h.
 */
#ifndef SIPMOAT_SAVED_H
#define SIPMOAT_SAVED_H

#include "engine.h"

/* Add 1 when the order or the meaning of anything but records changes, the hashes and
 * keys (names.c, key.h) and the places of records among it. */
#define SAVED_FORMAT 1

/*
 * The format of each table's record.  Add 1 when a record changes, in what it holds or
 * only in what that means; its length is compared besides.  0: not saved.
 *  answers: half a minute.
 *  digests, audits: what tells of passwords is nowhere but here.
 *  meters, pipes: rates of seconds.  flows: a connection cannot be followed behind a gap.
 */
enum saved_format {
	SAVED_meters = 0,
	SAVED_sources = 2,
	SAVED_registrants = 2,
	SAVED_visitors = 1,
	SAVED_offenders = 1,
	SAVED_neighbours = 1,
	SAVED_tokens = 1,
	SAVED_transactions = 2,
	SAVED_dialogs = 1,
	SAVED_subscriptions = 1,
	SAVED_scans = 2,
	SAVED_bindings = 2,
	SAVED_addresses = 1,
	SAVED_people = 1,
	SAVED_logins = 1,
	SAVED_challenges = 1,
	SAVED_guesses = 1,
	SAVED_told = 1,
	SAVED_calls = 2,
	SAVED_legs = 1,
	SAVED_quotas = 1,
	SAVED_pipes = 0,
	SAVED_approvals = 1,
	SAVED_answers = 0,
	SAVED_digests = 0,
	SAVED_audits = 0,
	SAVED_flows = 0,
};

/* state_restore of bytes that nobody has looked at yet, but for their checksum, which is
 * not among them. */
bool saved_apply(struct state *st, const void *bytes, size_t n, uint64_t now, bool whole,
		 struct state_saved *out);

#endif
