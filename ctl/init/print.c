/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers as a file of configuration. */
#include "init.h"

static void print_list(const struct init_list *l, FILE *out)
{
	char text[PREFIX_TEXT];

	fputs("[ ", out);
	for (unsigned k = 0; k < l->n; k++) {
		prefix_print(&l->item[k], text);
		fprintf(out, "%s\"%s\"", k ? ", " : "", text);
	}
	fputs(" ]", out);
}

static void print_ports(const struct init *i, unsigned which, const char *word, FILE *out)
{
	fprintf(out, "\t%s = [ ", word);
	for (unsigned k = 0; k < i->ports[which]; k++)
		fprintf(out, "%s%u", k ? ", " : "", i->port[which][k]);
	fputs(" ];\n", out);
}

static void print_reason(const struct init *i, enum init_question q, FILE *out)
{
	if (i->why[q][0])
		fprintf(out, "# (%s)\n", i->why[q]);
}

void init_print(const struct init *i, FILE *out)
{
	fputs("# Written by sipmoat init.  All else has its default: see sipmoat.conf(5).\n"
	      "# After a change: sipmoat check && systemctl reload sipmoatd\n\n", out);
	fputs(i->enforce ? "# What is found is dropped and banned.\n" :
			   "# All is judged and told, nothing is dropped or banned.  When the log "
			   "looks right:\n# mode = \"enforce\";\n", out);
	fprintf(out, "mode = \"%s\";\n\n", i->enforce ? "enforce" : "observe");

	fputs("# The SIP servers, behind NAT by their inner addresses.\n", out);
	print_reason(i, ASK_INSIDE, out);
	if (!i->inside.n)
		fputs("# none: worked out from this host's addresses and routes\n#", out);
	fputs("inside = ", out);
	print_list(&i->inside, out);
	fputs(";\n\n", out);

	fputs("# Where they take SIP.\n", out);
	print_reason(i, ASK_PORTS, out);
	fputs("ports = {\n", out);
	print_ports(i, 0, "udp", out);
	print_ports(i, 1, "tcp", out);
	fputs("};\n\n", out);

	fputs("# Carriers and trunks: never banned, and refused by nothing but limits that you "
	      "write\n# yourself.\n", out);
	if (i->trunks.n) {
		fputs("trusted = { addresses = ", out);
		print_list(&i->trunks, out);
		fputs("; };\ntrunks = ( { name = \"carrier\"; addresses = ", out);
		print_list(&i->trunks, out);
		fputs("; } );\n\n", out);
	} else {
		fputs("#trusted = { addresses = [ \"198.51.100.0/24\" ]; };\n"
		      "#trunks = ( { name = \"carrier\"; "
		      "addresses = [ \"198.51.100.0/24\" ]; } );\n\n", out);
	}

	fputs("# How numbers are dialled here; with it calls to costly numbers can be limited "
	      "(docs/fraud.md).\n", out);
	print_reason(i, ASK_COUNTRY, out);
	fprintf(out, "%sdialplan = { country = \"%s\"; };\n", i->country[0] ? "" : "#",
		i->country);
}
