/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as text, in both directions, and the questions. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "init.h"

#define WORD 80 /* room for one of a list */

void init_port(struct init *i, unsigned which, uint16_t port)
{
	unsigned at = 0, n = i->ports[which];
	uint16_t *all = i->port[which];

	while (at < n && all[at] < port)
		at++;
	if (n == INIT_MOST || (at < n && all[at] == port))
		return;
	memmove(all + at + 1, all + at, (n - at) * sizeof(*all));
	all[at] = port;
	i->ports[which]++;
}

/* The next word of a list with commas or blanks between; false: there is none. */
static bool next_word(const char **text, char out[WORD])
{
	size_t n;

	*text += strspn(*text, ", \t");
	n = strcspn(*text, ", \t");
	if (!n)
		return false;
	snprintf(out, WORD, "%.*s", (int)n, *text);
	*text += n;
	return true;
}

static bool is_none(const char *text)
{
	return strcasecmp(text, "none") == 0 || strcmp(text, "-") == 0;
}

static bool take_list(struct init_list *out, const char *text, char why[INIT_ERROR])
{
	struct init_list list = { .n = 0 };
	char word[WORD];

	while (!is_none(text) && next_word(&text, word)) {
		if (list.n == INIT_MOST) {
			snprintf(why, INIT_ERROR, "%d at most: write prefixes, or add the rest to "
				 "the file", INIT_MOST);
			return false;
		}
		if (prefix_parse(slice_of(word), &list.item[list.n]) < 0) {
			snprintf(why, INIT_ERROR, "\"%.60s\" is neither an address nor a prefix: "
				 "write 192.0.2.10, 192.0.2.0/24 or 2001:db8::10", word);
			return false;
		}
		list.n++;
	}
	*out = list;
	return true;
}

/* "5060" for both, "5080/udp", "8088/tcp". */
static bool take_port(struct init *i, const char *word, char why[INIT_ERROR])
{
	char *end;
	unsigned long port = strtoul(word, &end, 10);
	bool udp = !*end || strcasecmp(end, "/udp") == 0;
	bool tcp = !*end || strcasecmp(end, "/tcp") == 0;

	if (!isdigit((unsigned char)word[0]) || port < 1 || port > 65535 || (!udp && !tcp)) {
		snprintf(why, INIT_ERROR, "\"%.60s\" is no port: write 5060, 5080/udp or 8088/tcp",
			 word);
		return false;
	}
	if ((udp && i->ports[0] == INIT_MOST) || (tcp && i->ports[1] == INIT_MOST)) {
		snprintf(why, INIT_ERROR, "%d ports at most", INIT_MOST);
		return false;
	}
	if (udp)
		init_port(i, 0, (uint16_t)port);
	if (tcp)
		init_port(i, 1, (uint16_t)port);
	return true;
}

static bool take_ports(struct init *i, const char *text, char why[INIT_ERROR])
{
	struct init fresh = *i;
	char word[WORD];

	fresh.ports[0] = fresh.ports[1] = 0;
	while (next_word(&text, word))
		if (!take_port(&fresh, word, why))
			return false;
	if (!fresh.ports[0] && !fresh.ports[1]) {
		snprintf(why, INIT_ERROR, "there must be one at least, 5060 on most servers");
		return false;
	}
	*i = fresh;
	return true;
}

/* "49", "+49", "0049" or "DE". */
static bool take_country(struct init *i, const char *text, char why[INIT_ERROR])
{
	const char *digits = text[0] == '+' ? text + 1 : strncmp(text, "00", 2) == 0 ? text + 2 :
										     text;
	char code[INIT_CODE] = "";
	size_t n = strspn(digits, "0123456789");

	if (is_none(text)) {
		i->country[0] = '\0';
		return true;
	}
	if (n && !digits[n] && n < INIT_CODE && digits[0] != '0')
		snprintf(code, sizeof(code), "%s", digits);
	else if (strlen(text) == 2)
		country_code_of(text, code);
	if (!code[0]) {
		snprintf(why, INIT_ERROR, "\"%.20s\" is no country: write its code, as in 49 or "
			 "44, or two letters, as in DE or GB", text);
		return false;
	}
	memcpy(i->country, code, sizeof(code));
	return true;
}

bool init_take(struct init *i, enum init_question q, const char *text, char why[INIT_ERROR])
{
	switch (q) {
	case ASK_INSIDE:
		return take_list(&i->inside, text, why);
	case ASK_PORTS:
		return take_ports(i, text, why);
	case ASK_TRUNKS:
		return take_list(&i->trunks, text, why);
	case ASK_COUNTRY:
		return take_country(i, text, why);
	default:
		break;
	}
	if (strcasecmp(text, "observe") != 0 && strcasecmp(text, "enforce") != 0) {
		snprintf(why, INIT_ERROR, "write observe or enforce");
		return false;
	}
	i->enforce = strcasecmp(text, "enforce") == 0;
	return true;
}

/* --- how it stands --- */

static void show_list(const struct init_list *l, char *out, size_t room)
{
	char text[PREFIX_TEXT];
	size_t at = 0;

	for (unsigned k = 0; k < l->n && at < room; k++) {
		prefix_print(&l->item[k], text);
		at += (size_t)snprintf(out + at, room - at, "%s%s", k ? ", " : "", text);
	}
	if (!l->n)
		snprintf(out, room, "none");
}

static bool has_port(const struct init *i, unsigned which, uint16_t port)
{
	for (unsigned k = 0; k < i->ports[which]; k++)
		if (i->port[which][k] == port)
			return true;
	return false;
}

static void show_ports(const struct init *i, char *out, size_t room)
{
	static const char *const words[] = { "/udp", "/tcp" };
	size_t at = 0;

	out[0] = '\0';
	for (unsigned which = 0; which < 2; which++)
		for (unsigned k = 0; k < i->ports[which] && at < room; k++) {
			uint16_t port = i->port[which][k];
			bool both = has_port(i, !which, port);

			if (both && which)
				continue;
			at += (size_t)snprintf(out + at, room - at, "%s%u%s", at ? ", " : "", port,
					       both ? "" : words[which]);
		}
}

void init_show(const struct init *i, enum init_question q, char *out, size_t room)
{
	switch (q) {
	case ASK_INSIDE:
		show_list(&i->inside, out, room);
		return;
	case ASK_PORTS:
		show_ports(i, out, room);
		return;
	case ASK_TRUNKS:
		show_list(&i->trunks, out, room);
		return;
	case ASK_COUNTRY:
		snprintf(out, room, "%s", i->country[0] ? i->country : "none");
		return;
	default:
		snprintf(out, room, "%s", i->enforce ? "enforce" : "observe");
	}
}

/* --- questions --- */

static const char *const questions[] = {
	[ASK_INSIDE] = "Which addresses do your SIP servers have? Behind NAT, their inner ones.\n"
		       "   none: sipmoatd works them out from this host's addresses and routes.",
	[ASK_PORTS] = "On which ports do they take SIP? 5060, 5080/udp, 8088/tcp ...",
	[ASK_TRUNKS] = "Which addresses have your carriers and trunks? They are trusted: never "
		       "refused\n   and never banned. none: you have none, or will add them later.",
	[ASK_COUNTRY] = "In which country are numbers dialled here? Its code (49, 44, 1) or two "
			"letters.\n   none: only numbers that begin with + or 00 are understood.",
	[ASK_MODE] = "Begin how? observe: judge and tell, drop nothing. enforce: drop and ban at "
		     "once.",
};

/* Without its end and the blanks around it; false: the input ended. */
static bool read_answer(FILE *in, char *line, size_t room, char **text)
{
	size_t n;

	if (!fgets(line, (int)room, in))
		return false;
	*text = line + strspn(line, " \t\r\n");
	n = strlen(*text);
	while (n && strchr(" \t\r\n", (*text)[n - 1]))
		(*text)[--n] = '\0';
	return true;
}

/* Until the answer is one. */
static bool ask_one(struct init *i, enum init_question q, unsigned number, FILE *in, FILE *out)
{
	char shown[1024], line[1024], why[INIT_ERROR], *text;

	init_show(i, q, shown, sizeof(shown));
	fprintf(out, "\n%u. %s\n", number, questions[q]);
	if (i->why[q][0])
		fprintf(out, "   %s\n", i->why[q]);
	for (;;) {
		fprintf(out, "   [%s]: ", shown);
		fflush(out);
		if (!read_answer(in, line, sizeof(line), &text))
			return false;
		if (!*text)
			return true;
		if (init_take(i, q, text, why)) {
			i->why[q][0] = '\0'; /* what was seen is no reason for that */
			return true;
		}
		fprintf(out, "   %s\n", why);
	}
}

bool init_ask(struct init *i, FILE *in, FILE *out)
{
	unsigned number = 0;

	fputs("A first configuration for this firewall. Enter takes what stands in [ ].\n", out);
	for (unsigned q = 0; q < ASK_COUNT; q++)
		if (!i->given[q] && !ask_one(i, (enum init_question)q, ++number, in, out))
			return false;
	fputc('\n', out);
	return true;
}
