/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define HOST_MOST 255

/* Takes as long whatever stands where; how long the right one is may be known. */
static bool same(const char *right, const char *given, size_t n)
{
	size_t want = strlen(right);
	unsigned char differs = n != want;

	for (size_t i = 0; i < want; i++)
		differs |= (unsigned char)(right[i] ^ given[n ? i % n : 0]);
	return want && !differs;
}

/* The name of "name:port", "[address]:port": into out, without brackets. */
static bool name_of(const char *host, char out[HOST_MOST + 1])
{
	const char *from = host[0] == '[' ? host + 1 : host;
	size_t n = strcspn(from, host[0] == '[' ? "]" : ":");

	if (!n || n > HOST_MOST)
		return false;
	memcpy(out, from, n);
	out[n] = '\0';
	return true;
}

/* A name can be made to lead here by whoever owns it; an address is what it is. */
static bool is_address(const char *name)
{
	unsigned char to[16];

	return inet_pton(AF_INET, name, to) == 1 || inet_pton(AF_INET6, name, to) == 1;
}

static bool right_host(const struct gate *g, const char *host)
{
	char name[HOST_MOST + 1];

	if (!host || !name_of(host, name))
		return false;
	if (is_address(name) || strcasecmp(name, "localhost") == 0)
		return true;
	for (unsigned i = 0; i < g->names; i++)
		if (strcasecmp(name, g->name[i]) == 0)
			return true;
	return false;
}

/* Programs send no such header; whoever follows a link to the page comes from elsewhere. */
static bool right_site(const struct gate_question *q)
{
	if (!q->site || strcmp(q->site, "same-origin") == 0 || strcmp(q->site, "none") == 0)
		return true;
	return q->mode && strcmp(q->mode, "navigate") == 0;
}

bool gate_bears(const struct gate *g, const char *authorization)
{
	static const char bearer[] = "Bearer ";
	const size_t n = sizeof(bearer) - 1;

	if (!authorization || strncasecmp(authorization, bearer, n) != 0)
		return false;
	return same(g->token, authorization + n, strlen(authorization + n));
}

static bool has_cookie(const struct gate *g, const char *cookie)
{
	static const char name[] = GATE_COOKIE "=";

	while (cookie && *cookie) {
		size_t n;

		cookie += strspn(cookie, "; ");
		n = strcspn(cookie, ";");
		if (n >= sizeof(name) - 1 && memcmp(cookie, name, sizeof(name) - 1) == 0 &&
		    same(g->session, cookie + sizeof(name) - 1, n - (sizeof(name) - 1)))
			return true;
		cookie += n;
	}
	return false;
}

enum gate_answer gate_ask(const struct gate *g, const struct gate_question *q)
{
	if (!right_host(g, q->host))
		return GATE_WRONG_HOST;
	if (!right_site(q))
		return GATE_WRONG_SITE;
	if (!g->token[0] || gate_bears(g, q->authorization) || has_cookie(g, q->cookie))
		return GATE_IN;
	return GATE_NO_TOKEN;
}

bool gate_session(struct gate *g)
{
	uint8_t random[GATE_SESSION / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(g->session + 2 * i, 3, "%02x", random[i]);
	return true;
}

bool gate_read(struct gate *g, const char *path, char err[GATE_ERROR])
{
	char line[GATE_TOKEN_MOST + 3];
	FILE *f = fopen(path, "re");
	bool got = f && fgets(line, sizeof(line), f);
	size_t n;

	if (!got)
		snprintf(err, GATE_ERROR, "%s: %s", path, f ? "empty" : strerror(errno));
	if (f)
		fclose(f);
	if (!got)
		return false;
	n = strcspn(line, "\r\n");
	line[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (line[i] <= ' ' || line[i] > '~')
			n = 0;
	if (n < GATE_TOKEN_LEAST || n > GATE_TOKEN_MOST) {
		snprintf(err, GATE_ERROR, "%s: the token must be one line of %d to %d letters, "
			 "digits or signs", path, GATE_TOKEN_LEAST, GATE_TOKEN_MOST);
		return false;
	}
	memcpy(g->token, line, n + 1);
	return true;
}
