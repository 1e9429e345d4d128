/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "times.h"

static int unreachable(const char *name, const char *socket, int e)
{
	char text[LINK_TROUBLE];

	link_trouble(socket, e, text);
	fprintf(stderr, "sipmoat %s: %s\n", name, text);
	return CTL_UNREACHABLE;
}

int client_status(const struct reply *r)
{
	if (reply_true(r, -1, "ok"))
		return CTL_OK;
	/* which words and numbers there are the daemon alone knows */
	return strcmp(reply_text(r, -1, "error"), "bad_request") ? CTL_REFUSED : CTL_USAGE;
}

int client_order(const char *socket, const char *name, const char *command,
		 const struct client_arg *args, unsigned wait, struct reply **out)
{
	struct link *l;
	int e = link_open(socket, &l);

	*out = NULL;
	if (!e) {
		e = link_ask(l, command, args, wait, out);
		link_close(l);
	}
	if (e)
		return unreachable(name, socket, e);
	return client_status(*out);
}

int client_ask(const char *socket, const char *name, const char *command,
	       const struct client_arg *args, struct reply **out)
{
	int status = client_order(socket, name, command, args, 0, out);

	if (!*out || status == CTL_OK)
		return status;
	fprintf(stderr, "sipmoat %s: %s\n", name, reply_text(*out, -1, "text"));
	reply_free(*out);
	*out = NULL;
	return status;
}

#define TIME_MOST 315360000 /* s: ten years */
#define KNOWN 3 /* options of every list */

struct spelling {
	struct option known[KNOWN + LIST_FILTERS + 1];
	char letters[8 + 2 * LIST_FILTERS];
};

static struct spelling spell(const struct list_filter *filters)
{
	struct spelling s = { .known = { { "json", no_argument, NULL, 'j' },
					 { "socket", required_argument, NULL, 's' },
					 { "help", no_argument, NULL, 'h' } },
			      .letters = "js:h" };
	size_t at = strlen(s.letters);

	for (unsigned i = 0; filters && filters[i].name && i < LIST_FILTERS; i++) {
		s.known[KNOWN + i] = (struct option){ filters[i].name, required_argument, NULL,
						      filters[i].letter };
		s.letters[at++] = filters[i].letter;
		s.letters[at++] = ':';
	}
	return s;
}

/* false: it is no filter, or no number where it has to be one. */
static bool read_filter(const struct list_filter *f, int letter, struct list_options *out)
{
	struct client_arg *arg = out->arg;
	char *end = NULL;

	while (f && f->name && f->letter != letter)
		f++;
	if (!f || !f->name)
		return false;
	while (arg->key && strcmp(arg->key, f->name) != 0)
		arg++;
	*arg = (struct client_arg){ .key = f->name, .text = f->number ? NULL : optarg };
	if (!f->number)
		return true;
	if (f->time) {
		arg->number = time_parse(optarg, TIME_MOST);
		return arg->number != 0;
	}
	arg->number = strtoull(optarg, &end, 10);
	return optarg[0] >= '0' && optarg[0] <= '9' && !*end;
}

static bool read_options(int argc, char **argv, void (*usage)(FILE *to),
			 const struct list_filter *filters, int most, struct list_options *out)
{
	const struct spelling s = spell(filters);
	int c;

	*out = (struct list_options){ .socket = CLIENT_SOCKET, .status = CTL_USAGE };
	optind = 1;
	while ((c = getopt_long(argc, argv, s.letters, s.known, NULL)) != -1) {
		if (c == 'j') {
			out->json = true;
		} else if (c == 's') {
			out->socket = optarg;
		} else if (!read_filter(filters, c, out)) {
			usage(c == 'h' ? stdout : stderr);
			out->status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	out->first = optind;
	if (argc - optind <= most)
		return true;
	fprintf(stderr, "%s: \"%s\" is not understood\n", argv[0], argv[optind + most]);
	usage(stderr);
	return false;
}

bool list_arguments(int argc, char **argv, void (*usage)(FILE *to), int most,
		    struct list_options *out)
{
	return read_options(argc, argv, usage, NULL, most, out);
}

bool list_options(int argc, char **argv, void (*usage)(FILE *to), struct list_options *out)
{
	return list_arguments(argc, argv, usage, 0, out);
}

int list_command(const char *command, int argc, char **argv, void (*usage)(FILE *to),
		 const struct list_filter *filters, bool (*print)(struct reply *r))
{
	const char *name = argv[0] + strlen(CTL_CALLED);
	struct list_options o;
	struct reply *r;
	int status;

	if (!read_options(argc, argv, usage, filters, 0, &o))
		return o.status;
	status = client_ask(o.socket, name, command, o.arg, &r);
	if (status != CTL_OK)
		return status;
	if (o.json)
		puts(reply_line(r));
	else if (!print(r))
		status = CTL_REFUSED;
	reply_free(r);
	return status;
}

int list_filtered(int argc, char **argv, void (*usage)(FILE *to),
		  const struct list_filter *filters, bool (*print)(struct reply *r))
{
	return list_command(argv[0] + strlen(CTL_CALLED), argc, argv, usage, filters, print);
}

int list_main(int argc, char **argv, void (*usage)(FILE *to), bool (*print)(struct reply *r))
{
	return list_filtered(argc, argv, usage, NULL, print);
}
