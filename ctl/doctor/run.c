/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, asked for what they know. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"

#define MOST (64u << 20) /* of what a program says */

extern char **environ;

static char *read_all(int fd)
{
	size_t n = 0, room = 0;
	char *text = NULL;

	for (;;) {
		ssize_t got;

		if (n + 1 >= room) {
			char *more = room < MOST ? realloc(text, room + 65536) : NULL;

			if (!more)
				break;
			text = more;
			room += 65536;
		}
		got = read(fd, text + n, room - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			text[n] = '\0';
			return text;
		}
		n += (size_t)got;
	}
	free(text);
	return NULL;
}

/* Its standard output and errors go into two pipes; 0 or an errno. */
static int start(const char *const argv[], int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int e = posix_spawn_file_actions_init(&files);

	if (e)
		return e;
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, err, 2);
	e = posix_spawnp(pid, argv[0], &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

static void first_line(const char *text, char *why, size_t room)
{
	snprintf(why, room, "%.*s", (int)strcspn(text, "\n"), text);
}

char *place_run(const char *const argv[], char *why, size_t room)
{
	char *text = NULL, *complaint = NULL;
	int pipes[2], status = -1, e;
	FILE *errors = tmpfile();
	pid_t pid;

	if (!errors || pipe2(pipes, O_CLOEXEC)) {
		if (errors)
			fclose(errors);
		snprintf(why, room, "no pipe");
		return NULL;
	}
	e = start(argv, pipes[1], fileno(errors), &pid);
	close(pipes[1]);
	if (e == 0) {
		text = read_all(pipes[0]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		rewind(errors);
		complaint = read_all(fileno(errors));
	}
	close(pipes[0]);
	fclose(errors);
	if (e == ENOENT)
		snprintf(why, room, "there is no program %s here", argv[0]);
	else if (e || status != 0)
		first_line(complaint && complaint[0] ? complaint : "it failed", why, room);
	free(complaint);
	if (e == 0 && status == 0)
		return text;
	free(text);
	return NULL;
}
