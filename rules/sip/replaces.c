/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/replaces.h"

#include "sip/chars.h"

static bool is_header(struct slice name, struct slice *header)
{
	static const struct slice known[] = { SLICE("Replaces"), SLICE("Join") };

	for (unsigned i = 0; i < 2; i++) {
		if (!slice_ieq(name, known[i]))
			continue;
		*header = known[i];
		return true;
	}
	return false;
}

static struct slice tag_of(struct slice params, struct slice name)
{
	struct slice tag;

	if (!sip_param(params, name, &tag) || slice_eq(tag, SLICE("0")))
		return SLICE_NONE;
	return tag;
}

static bool value_read(struct slice value, struct replaced *out)
{
	const char *end = slice_end(value), *p = find_char(value.p, end, ';');
	struct slice params = slice_between(p ? p : end, end);

	out->call_id = slice_trim(slice_between(value.p, p ? p : end));
	out->to_tag = tag_of(params, SLICE("to-tag"));
	out->from_tag = tag_of(params, SLICE("from-tag"));
	return out->call_id.n;
}

bool replaces_next(const struct sip_msg *sip, struct replaces_walk *w, struct replaced *out)
{
	while (w->at < sip->count) {
		const struct sip_hdr *h = &sip->hdr[w->at++];

		if (h->id == HDR_OTHER && is_header(h->name, &out->header) &&
		    value_read(h->value, out))
			return true;
	}
	return false;
}

bool replaces_next_in(struct replaces_walk *w, struct replaced *out)
{
	while (w->rest.n) {
		const char *start = w->rest.p, *end = slice_end(w->rest);
		const char *amp = find_char(start, end, '&'), *stop = amp ? amp : end;
		const char *equals = find_char(start, stop, '=');
		char name[16];

		if (*start == '?') {
			w->rest = slice_between(start + 1, end);
			continue;
		}
		w->rest = slice_between(amp ? amp + 1 : end, end);
		if (!equals || !is_header(sip_unescape(slice_between(start, equals), name,
						       sizeof(name)), &out->header))
			continue;
		if (value_read(sip_unescape(slice_between(equals + 1, stop), w->room,
					    sizeof(w->room)), out))
			return true;
	}
	return false;
}
