/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define PORT "9479"
#define ADDRESS_MOST 64

/* The address without brackets; its port, or "". */
static bool parts(const char *text, char address[ADDRESS_MOST], const char **port)
{
	const char *from = text[0] == '[' ? text + 1 : text;
	const char *end = text[0] == '[' ? strchr(from, ']') : strchr(from, ':');
	size_t n;

	if (text[0] == '[' && !end)
		return false;
	if (end && text[0] != '[' && strchr(end + 1, ':'))
		end = NULL; /* IPv6 without brackets */
	n = end ? (size_t)(end - from) : strlen(from);
	if (!n || n >= ADDRESS_MOST)
		return false;
	memcpy(address, from, n);
	address[n] = '\0';
	*port = end ? end + (*end == ']') : "";
	if (!**port)
		*port = ":" PORT;
	return **port == ':' && *++*port && strspn(*port, "0123456789") == strlen(*port);
}

bool place_read(const char *text, struct sockaddr_storage *out)
{
	const struct addrinfo want = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM };
	char address[ADDRESS_MOST];
	struct addrinfo *got;
	const char *port;

	memset(out, 0, sizeof(*out));
	if (!parts(text, address, &port) || strlen(port) > 5 ||
	    getaddrinfo(address, port, &want, &got))
		return false;
	memcpy(out, got->ai_addr, got->ai_addrlen);
	freeaddrinfo(got);
	return true;
}

bool place_is_loopback(const struct sockaddr_storage *at)
{
	const struct sockaddr_in6 *at6 = (const struct sockaddr_in6 *)at;
	const struct sockaddr_in *at4 = (const struct sockaddr_in *)at;

	if (at->ss_family == AF_INET)
		return ntohl(at4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&at6->sin6_addr);
}
