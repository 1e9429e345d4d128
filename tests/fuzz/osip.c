/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a message, read by libosip2 as the strict check has it do.  The library is
 * not built with sanitizers, so each block that it asks for ends at an unreadable
 * page, holds junk at first and junk again when it was given back; of some messages
 * it gets no more memory halfway.
 */
#include <osipparser2/osip_port.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "sip.h"
#include "sip/strict.h"

#define PAGE 4096u
#define SLOT (3 * PAGE) /* the last page is the unreadable one */
#define SLOTS 4096u

static char *pool;
static size_t length[SLOTS];
static unsigned used, most;

static void *slot_malloc(size_t n)
{
	char *p;

	if (used >= most || n > SLOT - PAGE)
		return NULL;
	p = pool + (size_t)used * SLOT + SLOT - PAGE - n;
	length[used++] = n;
	return memset(p, 0xee, n);
}

static unsigned slot_of(void *p)
{
	/* an empty block begins where the unreadable page does */
	unsigned i = (unsigned)(((char *)p - pool) / (ptrdiff_t)SLOT);

	must((char *)p == pool + (size_t)i * SLOT + SLOT - PAGE - length[i] && i < used);
	return i;
}

static void slot_free(void *p)
{
	if (p)
		memset(p, 0xdd, length[slot_of(p)]);
}

static void *slot_realloc(void *p, size_t n)
{
	size_t had = p ? length[slot_of(p)] : 0;
	void *to = slot_malloc(n);

	if (to && had)
		memcpy(to, p, had < n ? had : n);
	return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct strict *strict;
	static struct sip_msg m;
	struct strict_difference d;
	struct slice bytes = piece_new(slice_data(data, size));

	if (!strict) {
		strict = strict_new();
		pool = mmap(NULL, (size_t)SLOTS * SLOT, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		must(strict && pool != MAP_FAILED);
		for (unsigned i = 0; i < SLOTS; i++)
			must(!mprotect(pool + (size_t)(i + 1) * SLOT - PAGE, PAGE, PROT_NONE));
		osip_set_allocators(slot_malloc, slot_realloc, slot_free);
	}
	sip_parse(&m, bytes);
	if (m.kind == SIP_REQUEST && !sip_defective(&m, DEFECT_NO_END)) {
		used = 0;
		most = size % 8 ? SLOTS : (unsigned)(size / 8 % 256);
		(void)strict_compare(strict, &m, &d);
	}
	piece_free(bytes);
	return 0;
}
