/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell commands in names.  Commands are compared as they are: the shell knows no
 * "Curl", and names are mostly written with capitals.
 */
#include "sip/inject.h"

#define AHEAD 48

/* Those that are in nobody's name ... */
static const char *const always[] = {
	"busybox", "chmod", "ftpget", "ifconfig", "killall", "mkfifo", "netstat", "nohup",
	"nslookup", "pkill", "systemctl", "tftp", "wget", "whoami", "xargs", NULL,
};

/* ... those that do something by themselves ... */
static const char *const alone[] = {
	"bash", "halt", "id", "ls", "poweroff", "ps", "pwd", "reboot", "sh", "uname", NULL,
};

/* ... and those that do something with what is behind them. */
static const char *const commands[] = {
	"awk", "base64", "bash", "cat", "chown", "cp", "curl", "dash", "dd", "dig", "echo", "eval",
	"exec", "find", "grep", "kill", "ksh", "ls", "mkdir", "mv", "nc", "ncat", "netcat", "perl",
	"php", "ping", "printf", "ps", "python", "python2", "python3", "rm", "ruby", "scp", "sed",
	"sh", "sleep", "source", "ssh", "sudo", "tar", "tee", "telnet", "touch", "uname", "zsh",
	NULL,
};

static const char *text_at(const char *p, const char *end, const char *text)
{
	for (; *text; text++, p++)
		if (p == end || *p != *text)
			return NULL;
	return p;
}

static const char *command_at(const char *p, const char *end, const char *const *list)
{
	for (; *list; list++) {
		const char *next = text_at(p, end, *list);

		if (next && (next == end || (!canon_is_word(*next) && *next != '-' &&
					     *next != '.' && *next != '=')))
			return next;
	}
	return NULL;
}

static bool ends_command(const char *p, const char *end)
{
	p = canon_skip(p, end);
	return p == end || (*p && strchr(";|&#)`>\n", *p));
}

static bool is_digit_at(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* The word at p is an option, a path, a host, a variable, or a number and the end. */
static bool is_argument(const char *p, const char *end)
{
	const char *stop = end - p > AHEAD ? p + AHEAD : end, *start = p;

	while (is_digit_at(p, stop))
		p++;
	if (p > start && ends_command(p, end))
		return true;
	for (; p < stop && !canon_is_space(*p); p++) {
		bool before = p > start && canon_is_word(p[-1]);
		bool behind = p + 1 < end && canon_is_word(p[1]);

		if (*p && strchr("/$`~*>|<", *p))
			return true;
		if ((*p == '-' && p == start && behind) || (*p == '.' && before && behind))
			return true;
	}
	return false;
}

/* Behind the folders of an absolute path. */
static const char *base_name(const char *p, const char *end)
{
	const char *stop = end - p > AHEAD ? p + AHEAD : end, *base = p;

	if (p == end || *p != '/')
		return p;
	for (; p < stop && (*p == '/' || canon_is_word(*p)); p++)
		if (*p == '/')
			base = p + 1;
	return base;
}

/* Is there a command where the shell expects one?  inside: in backticks, where
 * nobody writes names with arguments. */
static bool is_command(const char *p, const char *end, bool inside)
{
	const char *next;

	p = base_name(canon_skip(p, end), end);
	if (command_at(p, end, always))
		return true;
	next = command_at(p, end, alone);
	if (next && ends_command(next, end))
		return true;
	next = command_at(p, end, commands);
	if (!next || next == end)
		return false;
	if (inside || *next == '<' || *next == '$')
		return true;
	return canon_is_space(*next) && is_argument(canon_skip(next, end), end);
}

static bool is_expansion(const char *p, const char *end)
{
	static const char *const names[] = { "{IFS", "IFS", "{jndi:", "{PATH", "{HOME", "{SHELL",
					     "{PWD", "{env:", "{lower:", "{::-", "{@", "{!", NULL };

	if (p == end)
		return false;
	if (*p == '(')
		return p + 1 < end && ((p[1] >= 'a' && p[1] <= 'z') || p[1] == '/' || p[1] == '(');
	for (unsigned i = 0; names[i]; i++)
		if (text_at(p, end, names[i]))
			return true;
	return false;
}

/* What no name holds. */
static bool is_path(const char *p, const char *end)
{
	static const char *const paths[] = { "/bin/sh", "/bin/bash", "/etc/passwd", "/etc/shadow",
					     "/dev/tcp/", "/dev/udp/", "/dev/null", NULL };

	for (unsigned i = 0; paths[i]; i++)
		if (text_at(p, end, paths[i]))
			return true;
	return false;
}

bool inject_shell(const char *p, const char *end, int *work)
{
	for (; p < end && *work >= 0; p++) {
		bool found = false;

		switch (*p) {
		case ';':
		case '|':
		case '&':
		case '\n':
			*work -= 4;
			found = is_command(p + 1, end, false);
			break;
		case '`':
			*work -= 4;
			found = is_command(p + 1, end, true);
			break;
		case '$':
			*work -= 1;
			found = is_expansion(p + 1, end);
			break;
		case '/':
			*work -= 1;
			found = is_path(p, end);
			break;
		case '(':
			found = text_at(p, end, "() { :") != NULL;
			break;
		default:
			break;
		}
		if (found)
			return true;
	}
	return false;
}
