/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libosip2 as second reader.  It was not written for the packet path: it copies
 * all it reads, walks its lists to their end for every element, and prints to
 * stdout.  So it gets an arena instead of the heap, a message within limits, a
 * trace function that says nothing, and neither body nor NUL.
 */
#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <pthread.h>
#include <stdlib.h>

#include "sip/reading.h"
#include "sip/strict.h"

/* Within these the worst message that was found costs 14 times an ordinary one. */
#define MAX_HEAD 4096 /* bytes of start line and headers */
#define MAX_LINES 64
#define MAX_ITEMS 64 /* commas; as many parameters and URI headers together */
#define MAX_DEAR 256 /* '<' and '%', for each of which it searches or scans */
#define ARENA 49152 /* seven times what an ordinary request takes */
#define ALIGN 16

struct strict {
	size_t used;
	bool full;
	struct reading view, other;
	char room[2 * MAX_HEAD];
	char arena[ARENA] __attribute__((aligned(ALIGN)));
};

/*
 * The one thread-local of rules/: osip_set_allocators takes functions without an
 * argument of the caller's.  Set for the length of one call only.
 */
static _Thread_local struct strict *strict_lender;
/* parser_init empties its tables and fills them anew, whoever reads them meanwhile. */
static pthread_once_t strict_once = PTHREAD_ONCE_INIT;

/* ---- the arena: each block has its size in front of it; nothing is given back ---- */

static void *arena_malloc(size_t n)
{
	struct strict *s = strict_lender;
	char *p;

	if (!s || n > ARENA)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (ARENA - s->used < n + ALIGN) {
		s->full = true;
		return NULL;
	}
	p = s->arena + s->used;
	memcpy(p, &n, sizeof(n));
	s->used += n + ALIGN;
	return p + ALIGN;
}

static void arena_free(void *p)
{
	(void)p;
}

static void *arena_realloc(void *p, size_t n)
{
	size_t had = 0;
	void *to;

	if (p)
		memcpy(&had, (char *)p - ALIGN, sizeof(had));
	if (p && n <= had)
		return p;
	to = arena_malloc(n);
	if (to && had)
		memcpy(to, p, had);
	return to;
}

static void say_nothing(const char *file, int line, osip_trace_level_t level, const char *format,
			va_list ap)
{
	(void)file, (void)line, (void)level, (void)format, (void)ap;
}

/* A trace function must be there: without one the first message goes to stdout. */
static void library_init(void)
{
	osip_trace_initialize_func(TRACE_LEVEL0, say_nothing);
	osip_set_allocators(arena_malloc, arena_realloc, arena_free);
	(void)parser_init();
}

struct strict *strict_new(void)
{
	pthread_once(&strict_once, library_init);
	return calloc(1, sizeof(struct strict));
}

void strict_free(struct strict *s)
{
	free(s);
}

void strict_begin(struct strict *s)
{
	s->used = 0;
	s->full = false;
	strict_lender = s;
}

bool strict_end(struct strict *s)
{
	strict_lender = NULL;
	return !s->full;
}

/* ---- what it is shown ---- */

/* All up to the body, which is behind the empty line. */
static struct slice head_of(const struct sip_msg *m)
{
	uint32_t n = m->body.p ? (uint32_t)(m->body.p - m->all.p) : m->all.n;

	return (struct slice){ m->all.p, n };
}

/*
 * Its work grows with the square of the elements of a list, and every separator
 * may begin one.
 */
static bool within_limits(const struct sip_msg *m, struct slice head)
{
	static const uint8_t kind[256] = {
		[','] = 1, [';'] = 2, ['&'] = 2, ['<'] = 3, ['%'] = 3,
	};
	uint32_t count[4] = { 0 };

	if (head.n > MAX_HEAD || m->lines > MAX_LINES)
		return false;
	for (uint32_t i = 0; i < head.n; i++)
		count[kind[(uint8_t)head.p[i]]]++;
	return count[1] <= MAX_ITEMS && count[2] <= MAX_ITEMS && count[3] <= MAX_DEAR;
}

/*
 * A copy without NUL (its strings end there; in a quoted pair one may stand) and
 * without Content-Type, so that it looks for no body: MIME parts are where it
 * leaks, and nothing in a body is compared.
 */
static char *head_copy(const struct sip_msg *m, struct slice head)
{
	char *copy = arena_malloc(head.n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, head.p, head.n);
	for (uint32_t i = 0; i < head.n; i++)
		if (!copy[i])
			copy[i] = READING_NUL;
	copy[head.n] = 0;
	for (unsigned i = 0; m->seen[HDR_CONTENT_TYPE] && i < m->count; i++)
		if (m->hdr[i].id == HDR_CONTENT_TYPE)
			memset(copy + (m->hdr[i].name.p - head.p), 'z', m->hdr[i].name.n);
	return copy;
}

/* ---- its reading ---- */

static struct slice text(const char *s)
{
	return s ? slice_of(s) : SLICE_NONE;
}

/*
 * user is an item whose host follows it.  It takes a display name with a colon for
 * a scheme ("Desk: 2 <sip:...>"), and phones forget the quotes.
 */
static void uri_take(struct reading *r, const osip_uri_t *uri, enum reading_item user)
{
	if (!uri)
		return;
	if (uri->string && strchr(uri->string, '<')) {
		r->unknown |= 3u << user;
		return;
	}
	r->item[user] = uri->string ? reading_opaque(text(uri->string)) : text(uri->username);
	r->item[user + 1] = text(uri->host);
}

static struct slice param(const osip_list_t *list, const char *name)
{
	osip_list_iterator_t it;
	const osip_generic_param_t *p = osip_list_get_first(list, &it);

	for (; p; p = osip_list_get_next(&it))
		if (p->gname && slice_ieq(slice_trim(text(p->gname)), slice_of(name)))
			return text(p->gvalue);
	return SLICE_NONE;
}

static void address_take(struct reading *r, const osip_from_t *a, enum reading_item user)
{
	if (!a)
		return;
	uri_take(r, a->url, user);
	r->item[user + 2] = param(&a->gen_params, "tag");
}

/* number@host, put together again */
static struct slice call_id(const osip_call_id_t *id)
{
	struct slice number, host;
	char *p;

	if (!id)
		return SLICE_NONE;
	number = text(id->number);
	host = text(id->host);
	p = id->host ? arena_malloc((size_t)number.n + host.n + 1) : NULL;
	if (!p)
		return number;
	if (number.n)
		memcpy(p, number.p, number.n);
	p[number.n] = '@';
	if (host.n)
		memcpy(p + number.n + 1, host.p, host.n);
	return (struct slice){ p, number.n + 1 + host.n };
}

static void via_take(struct reading *r, const osip_via_t *via)
{
	if (!via)
		return;
	r->item[ITEM_VIA_HOST] = text(via->host);
	r->item[ITEM_VIA_PORT] = text(via->port);
	r->item[ITEM_VIA_BRANCH] = param(&via->via_params, "branch");
}

/* It has no place of their own for these. */
static void others_take(struct reading *r, const osip_list_t *headers)
{
	static const struct {
		const char *name;
		enum reading_item item;
	} wanted[] = {
		{ "user-agent", ITEM_AGENT },
		{ "expires", ITEM_EXPIRES },
		{ "max-forwards", ITEM_MAX_FORWARDS },
	};
	uint32_t n[3] = { 0 };
	osip_list_iterator_t it;
	const osip_header_t *h = osip_list_get_first(headers, &it);

	for (; h; h = osip_list_get_next(&it))
		for (unsigned i = 0; i < 3; i++)
			if (h->hname && osip_strcasecmp(h->hname, wanted[i].name) == 0 &&
			    n[i]++ == 0)
				r->item[wanted[i].item] = text(h->hvalue);
	reading_number(r, ITEM_AGENTS, n[0]);
}

static void contacts_take(struct reading *r, const osip_list_t *contacts)
{
	const osip_contact_t *first = osip_list_get(contacts, 0);

	reading_number(r, ITEM_CONTACTS, (uint32_t)osip_list_size(contacts));
	if (first)
		uri_take(r, first->url, ITEM_CONTACT_USER);
}

static void reading_osip(struct reading *r, const osip_message_t *m)
{
	const osip_authorization_t *auth = osip_list_get(&m->authorizations, 0);

	*r = (struct reading){ 0 };
	r->item[ITEM_METHOD] = text(m->sip_method);
	uri_take(r, m->req_uri, ITEM_USER);
	r->item[ITEM_SCHEME] = m->req_uri ? text(m->req_uri->scheme) : SLICE_NONE;
	r->item[ITEM_PORT] = m->req_uri ? text(m->req_uri->port) : SLICE_NONE;
	address_take(r, m->from, ITEM_FROM_USER);
	address_take(r, m->to, ITEM_TO_USER);
	r->item[ITEM_CALL_ID] = call_id(m->call_id);
	r->item[ITEM_CSEQ_NUMBER] = m->cseq ? text(m->cseq->number) : SLICE_NONE;
	r->item[ITEM_CSEQ_METHOD] = m->cseq ? text(m->cseq->method) : SLICE_NONE;
	via_take(r, osip_list_get(&m->vias, 0));
	others_take(r, &m->headers);
	contacts_take(r, &m->contacts);
	r->item[ITEM_LENGTH] = m->content_length ? text(m->content_length->value) : SLICE_NONE;
	/* credentials that one cannot read it leaves out, and reads on */
	r->item[ITEM_USERNAME] = auth ? text(auth->username) : SLICE_NONE;
	if (!r->item[ITEM_USERNAME].n)
		r->unknown |= 1u << ITEM_USERNAME;
}

static enum strict_result compare(struct strict *s, const struct sip_msg *m, struct slice head,
				  struct strict_difference *out)
{
	char *copy = head_copy(m, head);
	osip_message_t *message;
	enum reading_item item;
	int rc;

	if (!copy || osip_message_init(&message) != 0)
		return STRICT_SKIPPED;
	rc = osip_message_parse(message, copy, head.n);
	if (s->full)
		return STRICT_SKIPPED;
	if (rc != 0)
		return STRICT_UNREADABLE;
	reading_view(&s->view, m);
	reading_osip(&s->other, message);
	if (s->full)
		return STRICT_SKIPPED;
	item = reading_differs(&s->view, &s->other, s->room, MAX_HEAD);
	if (item == ITEM_COUNT)
		return STRICT_SAME;
	*out = (struct strict_difference){ reading_name(item), s->view.item[item],
					   s->other.item[item] };
	return STRICT_DIFFERS;
}

enum strict_result strict_compare(struct strict *s, const struct sip_msg *m,
				  struct strict_difference *out)
{
	struct slice head = head_of(m);
	enum strict_result result;

	if (!within_limits(m, head))
		return STRICT_SKIPPED;
	strict_begin(s);
	result = compare(s, m, head, out);
	(void)strict_end(s);
	return result;
}
