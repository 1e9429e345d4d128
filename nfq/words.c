/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_YEAR 1990

struct words {
	char *text; /* one behind the other, each with its NUL */
	size_t n;
	unsigned digits;
};

enum stage { STAGE_OWN, STAGE_YEARS, STAGE_COMMON, STAGE_LIST, STAGE_NUMBERS, STAGE_END };

/*
 * What is made of a name: u is the user's, U the same with a capital, r backwards, f the
 * whole username, d the realm, h its first label; all else stands for itself behind a '.'.
 */
static const char *const made[] = {
	"", "u", "f", "U", /* what comes up to here is no variation */
	"r", "uu", "ur", "uuu", "u.1", "u.0", "u.1.2", "u.1.2.3", "u.1.2.3.4", "u.1.2.3.4.5",
	"u.0.0", "u.0.0.0", "u.0.1", "u.!", "u.@", "u.#", "u.*", "u.$", "u..", "u.1.!",
	"u.1.2.3.!", "u.@.1.2.3", "u.#.1.2.3", "u._.1.2.3", "u.-.1.2.3", ".1.2.3u", ".1.2.3.4u",
	".0u", ".0.0u", ".1u", ".9u", "u.9", "u.9.9", "u.a", "u.a.b.c", "u.x", ".au", ".a.b.cu",
	".xu", "u.p.w", "u.p.w.d", ".p.wu", ".p.w.-u", "u.p.a.s.s", ".p.a.s.su", ".P.a.s.su",
	".p.a.s.su.!", "u.p.a.s.s.w.o.r.d", ".p.a.s.s.w.o.r.du", ".P.a.s.s.w.o.r.du",
	"u.s.e.c.r.e.t", ".s.e.c.r.e.tu", "u.s.i.p", ".s.i.pu", ".S.I.Pu", "u.v.o.i.p",
	".v.o.i.pu", ".V.o.I.Pu", ".e.x.tu", ".E.x.tu", ".e.x.t.e.n.s.i.o.nu", ".p.h.o.n.eu",
	".t.e.lu", ".u.s.e.ru", ".p.b.xu", "u.p.b.x", ".a.s.t.e.r.i.s.ku", "U.1", "U.1.2.3",
	"U.1.2.3.4", "U.!", "U.1.!", "U.1.2.3.!", "d", "h", "ud", "uh", "hu", "du", "u.@d",
	"u.@h", "u.-h", "h.1.2.3", "h.1", "h.-u",
};
#define AS_IT_IS 4

/* What passwords of phones and PBXes are as a rule, when nobody minds. */
static const char *const common[] = {
	"password", "Password", "PASSWORD", "password1", "Password1", "password123",
	"Password123", "passw0rd", "Passw0rd", "p@ssw0rd", "P@ssw0rd", "P@ssword", "pass",
	"pass123", "pass1234", "pwd", "pw", "passwd", "passwort", "Passwort", "Passwort1",
	"kennwort", "geheim", "geheim123", "motdepasse", "contrasena", "clave", "senha",
	"senha123", "parola", "haslo", "wachtwoord", "secret", "Secret", "secret123", "s3cret",
	"supersecret", "changeme", "changeme123", "ChangeMe", "change-me", "letmein", "welcome",
	"Welcome1", "welcome123", "hello", "hello123", "test", "test1", "test12", "test123",
	"test1234", "Test123", "Test1234", "testing", "tester", "demo", "demo123", "guest",
	"guest123", "admin", "admin1", "admin12", "admin123", "admin1234", "Admin123",
	"administrator", "root", "root123", "toor", "user", "user123", "user1234", "default",
	"temp", "temp123", "temporal", "temporary", "none", "null", "blank", "empty", "xxx",
	"xxxx", "xxxxxx", "abc", "abc123", "abcd", "abcd1234", "abcdef", "a1b2c3", "a1b2c3d4",
	"aaa", "aaaa", "aaaaaa", "asdf", "asdf1234", "asdfgh", "asdfghjkl", "qwe", "qwe123",
	"qwer", "qwer1234", "qwert", "qwerty", "qwerty1", "qwerty123", "qwertz", "qwertz123",
	"azerty", "1q2w3e", "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "qazwsx", "zxcvbn", "zxcvbnm",
	"1a2b3c", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "123123",
	"123321", "123123123", "121212", "112233", "11223344", "111222", "123qwe", "123abc",
	"12qwaszx", "654321", "54321", "87654321", "987654321", "9876543210", "0987654321",
	"00000", "000000", "0000000", "00000000", "11111", "111111", "1111111", "11111111",
	"22222", "222222", "33333", "333333", "44444", "444444", "55555", "555555", "55555555",
	"66666", "666666", "77777", "777777", "7777777", "88888", "888888", "88888888", "99999",
	"999999", "99999999", "0123456", "01234567", "012345", "0123456789", "147258",
	"147258369", "159753", "135790", "246810", "102030", "101010", "131313", "232323",
	"696969", "sip", "sip1", "sip123", "sip1234", "SIP123", "sippass", "sippassword",
	"sipsecret", "siptest", "sipuser", "voip", "voip1", "voip123", "voip1234", "VoIP123",
	"voippass", "voippassword", "pbx", "pbx123", "pbx1234", "ippbx", "iptel", "ipphone",
	"phone", "phone1", "phone123", "telephone", "telefon", "telefon1", "telefono",
	"telecom", "telco", "call", "callme", "caller", "callcenter", "fax", "fax123", "trunk",
	"trunk123", "siptrunk", "gateway", "extension", "ext", "ext123", "office", "office1",
	"office123", "buero", "home", "home123", "company", "company123", "reception",
	"rezeption", "empfang", "lobby", "door", "doorphone", "tuer", "intercom", "conference",
	"meeting", "room", "sales", "support", "service", "helpdesk", "operator", "manager",
	"asterisk", "asterisk1", "asterisk123", "Asterisk", "asterisknow", "freepbx",
	"freepbx123", "elastix", "elastix123", "eLaStIx.2oo7", "trixbox", "trixbox123",
	"issabel", "vicidial", "vicibox", "goautodial", "freeswitch", "fusionpbx", "opensips",
	"kamailio", "opensipsrw", "kamailiorw", "openser", "openserrw", "heslo", "ctipass",
	"amp109", "amp111", "maint", "passw0rd1", "polycom", "yealink", "grandstream", "snom",
	"cisco", "cisco123", "linksys", "aastra", "mitel", "avaya", "avaya123", "panasonic",
	"siemens", "gigaset", "unify", "innovaphone", "audiocodes", "patton", "fanvil", "htek",
	"zoiper", "xlite", "x-lite", "linphone", "bria", "jitsi", "softphone", "monkey",
	"dragon", "master", "shadow", "sunshine", "princess", "football", "baseball", "iloveyou",
	"trustno1", "superman", "batman", "computer", "internet", "network", "server", "system",
	"security", "summer", "winter", "spring", "autumn", "sommer", "monday", "freedom",
	"whatever", "starwars", "nothing", "access", "login", "enter", "qwerty1234", "!@#$%^",
	"!@#$%^&*", "1qaz!QAZ", "1qaz@WSX", "Aa123456", "aa123456", "a123456", "123456a",
	"1234abcd", "pass@123", "Pass@123", "admin@123", "Admin@123", "Welcome@123", "root@123",
};

/* ---- the operator's list ---- */

struct words *words_new(const struct conf_list *list, unsigned digits)
{
	struct words *w = calloc(1, sizeof(*w));
	size_t n = 0, at = 0;

	for (unsigned i = 0; i < list->n; i++)
		n += strlen(list->item[i].text) + 1;
	if (w)
		w->text = malloc(n + 1);
	if (!w || !w->text) {
		free(w);
		return NULL;
	}
	for (unsigned i = 0; i < list->n; i++) {
		size_t len = strlen(list->item[i].text) + 1;

		memcpy(w->text + at, list->item[i].text, len);
		at += len;
	}
	w->n = at;
	w->digits = digits;
	return w;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	free(w->text);
	free(w);
}

/* ---- one user ---- */

static struct slice up_to(struct slice s, char c)
{
	const char *end = s.n ? memchr(s.p, c, s.n) : NULL;

	return end ? slice_between(s.p, end) : s;
}

void walk_begin(struct walk *k, const struct words *words, const struct audit_task *task,
		unsigned year)
{
	k->words = words;
	k->user = audit_part(task, AUDIT_USERNAME);
	k->realm = audit_part(task, AUDIT_REALM);
	k->year = year;
	k->stage = k->at = 0;
}

static void put(struct walk *k, uint32_t *n, char c)
{
	if (*n < WORDS_ROOM)
		k->room[(*n)++] = c;
}

static void put_slice(struct walk *k, uint32_t *n, struct slice s, bool backwards)
{
	for (uint32_t i = 0; i < s.n; i++)
		put(k, n, s.p[backwards ? s.n - 1 - i : i]);
}

static char capital(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static struct slice make(struct walk *k, const char *how)
{
	struct slice user = up_to(k->user, '@');
	uint32_t n = 0, from;

	for (; *how; how++)
		switch (*how) {
		case '.':
			/* before another piece, or at the end, it means itself */
			put(k, &n, how[1] ? *++how : '.');
			break;
		case 'U':
			from = n;
			put_slice(k, &n, user, false);
			if (n > from)
				k->room[from] = capital(k->room[from]);
			break;
		case 'f':
			put_slice(k, &n, k->user, false);
			break;
		case 'd':
			put_slice(k, &n, k->realm, false);
			break;
		case 'h':
			put_slice(k, &n, up_to(k->realm, '.'), false);
			break;
		default:
			put_slice(k, &n, user, *how == 'r');
		}
	return (struct slice){ k->room, n };
}

/* Behind the name, in four and in two digits, and before it. */
static struct slice make_year(struct walk *k, unsigned at)
{
	struct slice user = up_to(k->user, '@');
	unsigned year = FIRST_YEAR + at / 3;
	char text[16];
	uint32_t n = 0;

	snprintf(text, sizeof(text), "%u", year);
	if (at % 3 == 2)
		put_slice(k, &n, slice_of(text), false);
	put_slice(k, &n, user, false);
	if (at % 3 < 2)
		put_slice(k, &n, slice_of(text + (at % 3 == 1 ? 2 : 0)), false);
	return (struct slice){ k->room, n };
}

static unsigned power(unsigned digits)
{
	unsigned n = 1;

	while (digits--)
		n *= 10;
	return n;
}

/* All numbers of one digit, of two ...: with as many zeros in front as fit. */
static bool next_number(struct walk *k, struct slice *word)
{
	unsigned at = k->at++, digits = 1;

	while (digits <= k->words->digits && at >= power(digits))
		at -= power(digits++);
	if (digits > k->words->digits)
		return false;
	snprintf(k->room, sizeof(k->room), "%0*u", (int)digits, at);
	*word = (struct slice){ k->room, digits };
	return true;
}

static bool next_of_list(struct walk *k, struct slice *word)
{
	const struct words *w = k->words;

	if (k->at >= w->n)
		return false;
	*word = slice_of(w->text + k->at);
	k->at += word->n + 1;
	return true;
}

static bool next_made(struct walk *k, struct slice *word, enum audit_result *kind)
{
	if (k->at >= sizeof(made) / sizeof(*made))
		return false;
	*kind = k->at == 0 ? AUDIT_EMPTY : k->at < AS_IT_IS ? AUDIT_OWN : AUDIT_VARIED;
	*word = make(k, made[k->at++]);
	return true;
}

static bool next_year(struct walk *k, struct slice *word)
{
	if (FIRST_YEAR + k->at / 3 > k->year + 1)
		return false;
	*word = make_year(k, k->at++);
	return true;
}

static bool next_common(struct walk *k, struct slice *word)
{
	if (k->at >= sizeof(common) / sizeof(*common))
		return false;
	*word = slice_of(common[k->at++]);
	return true;
}

bool walk_next(struct walk *k, struct slice *word, enum audit_result *kind)
{
	static const enum audit_result kinds[] = { AUDIT_VARIED, AUDIT_VARIED, AUDIT_LISTED,
						   AUDIT_LISTED, AUDIT_SHORT };

	for (; k->stage < STAGE_END; k->stage++, k->at = 0) {
		*kind = kinds[k->stage];
		if (k->stage == STAGE_OWN ? next_made(k, word, kind) :
		    k->stage == STAGE_YEARS ? next_year(k, word) :
		    k->stage == STAGE_COMMON ? next_common(k, word) :
		    k->stage == STAGE_LIST ? next_of_list(k, word) : next_number(k, word))
			return true;
	}
	return false;
}
