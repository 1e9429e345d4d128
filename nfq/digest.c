/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digest.h"

#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <string.h>

struct hashing {
	enum audit_hash hash;
	union {
		struct md5_ctx md5;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} of;
};

static void hash_begin(struct hashing *h, enum audit_hash hash)
{
	h->hash = hash;
	switch (hash) {
	case AUDIT_MD5:
		md5_init(&h->of.md5);
		break;
	case AUDIT_SHA_256:
		sha256_init(&h->of.sha256);
		break;
	case AUDIT_SHA_512_256:
		sha512_256_init(&h->of.sha512);
		break;
	}
}

static void hash_more(struct hashing *h, const char *p, size_t n)
{
	const uint8_t *bytes = (const uint8_t *)p;

	switch (h->hash) {
	case AUDIT_MD5:
		md5_update(&h->of.md5, n, bytes);
		break;
	case AUDIT_SHA_256:
		sha256_update(&h->of.sha256, n, bytes);
		break;
	case AUDIT_SHA_512_256:
		sha512_update(&h->of.sha512, n, bytes);
		break;
	}
}

/* Returns its length. */
static uint32_t hash_end(struct hashing *h, uint8_t out[AUDIT_RESPONSE])
{
	switch (h->hash) {
	case AUDIT_MD5:
		md5_digest(&h->of.md5, MD5_DIGEST_SIZE, out);
		return MD5_DIGEST_SIZE;
	case AUDIT_SHA_256:
		sha256_digest(&h->of.sha256, SHA256_DIGEST_SIZE, out);
		return SHA256_DIGEST_SIZE;
	case AUDIT_SHA_512_256:
		sha512_256_digest(&h->of.sha512, SHA512_256_DIGEST_SIZE, out);
		return SHA512_256_DIGEST_SIZE;
	}
	return 0;
}

static void hash_slice(struct hashing *h, struct slice s)
{
	if (s.n)
		hash_more(h, s.p, s.n);
}

static void hash_hex(struct hashing *h, char out[DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t bytes[AUDIT_RESPONSE];
	uint32_t n = hash_end(h, bytes);

	for (uint32_t i = 0; i < n; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
}

/* Appends a quoted text without its escapes. */
static void append(struct digest_try *d, struct slice s, bool plain)
{
	for (uint32_t i = 0; i < s.n; i++) {
		if (plain && s.p[i] == '\\' && i + 1 < s.n)
			i++;
		d->start[d->start_n++] = s.p[i];
	}
	d->start[d->start_n++] = ':';
}

void digest_begin(struct digest_try *d, const struct audit_task *task, bool plain)
{
	struct hashing h;

	d->task = task;
	d->start_n = 0;
	d->hex_n = task->hash == AUDIT_MD5 ? 2 * MD5_DIGEST_SIZE : 2 * SHA256_DIGEST_SIZE;
	append(d, audit_part(task, AUDIT_USERNAME), plain);
	append(d, audit_part(task, AUDIT_REALM), plain);
	hash_begin(&h, task->hash);
	hash_slice(&h, audit_part(task, AUDIT_METHOD));
	hash_more(&h, ":", 1);
	hash_slice(&h, audit_part(task, AUDIT_URI));
	hash_hex(&h, d->ha2);
}

bool digest_escaped(const struct audit_task *task)
{
	struct slice username = audit_part(task, AUDIT_USERNAME);
	struct slice realm = audit_part(task, AUDIT_REALM);

	return (username.n && memchr(username.p, '\\', username.n)) ||
	       (realm.n && memchr(realm.p, '\\', realm.n));
}

static void add(struct hashing *h, const struct audit_task *t, enum audit_part part)
{
	hash_more(h, ":", 1);
	hash_slice(h, audit_part(t, part));
}

bool digest_fits(const struct digest_try *d, struct slice password)
{
	const struct audit_task *t = d->task;
	uint8_t response[AUDIT_RESPONSE];
	char ha1[DIGEST_HEX];
	struct hashing h;
	bool fits;

	hash_begin(&h, t->hash);
	hash_more(&h, d->start, d->start_n);
	hash_slice(&h, password);
	hash_hex(&h, ha1);
	if (t->sess) {
		hash_begin(&h, t->hash);
		hash_more(&h, ha1, d->hex_n);
		add(&h, t, AUDIT_NONCE);
		add(&h, t, AUDIT_CNONCE);
		hash_hex(&h, ha1);
	}
	hash_begin(&h, t->hash);
	hash_more(&h, ha1, d->hex_n);
	add(&h, t, AUDIT_NONCE);
	if (t->qop) {
		add(&h, t, AUDIT_NC);
		add(&h, t, AUDIT_CNONCE);
		hash_more(&h, ":auth", 5);
	}
	hash_more(&h, ":", 1);
	hash_more(&h, d->ha2, d->hex_n);
	fits = memcmp(response, t->response, hash_end(&h, response)) == 0;
	explicit_bzero(ha1, sizeof(ha1));
	explicit_bzero(&h, sizeof(h));
	return fits;
}

void digest_wipe(struct digest_try *d)
{
	explicit_bzero(d, sizeof(*d));
}
