# SPDX-License-Identifier: GPL-2.0-or-later
"""What a compiled AppArmor profile says of what a process did.

  apparmor.py PROFILE ROOT UID PROGRAM TRACE...

PROFILE is what `apparmor_parser -S` wrote, each TRACE what `strace -f -y` saw of a process of
UID whose root was ROOT, PROGRAM the path that the profile is for.  Prints a line for each access
that the profile forbids, and a last one with how many were looked at; exits with 1 if any is.

The tables are walked as the kernel walks them, so no reading of globs of our own stands between.
"""
import os
import re
import socket
import struct
import sys

# include/uapi/linux and security/apparmor: permissions as the tables of files hold them
EXEC, WRITE, READ, APPEND, LINK, LOCK, MAP = 1, 2, 4, 8, 0x10, 0x20, 0x40
LETTERS = {"x": EXEC, "w": WRITE, "r": READ, "a": APPEND, "l": LINK, "k": LOCK, "m": MAP}
OTHERS = 14  # bits from the owner's permissions to those of others
CLASS_NET = 14
TYPES = {"SOCK_STREAM": 1, "SOCK_DGRAM": 2, "SOCK_RAW": 3, "SOCK_SEQPACKET": 5}


class Tables:
    """A state machine: tables of flex, big-endian."""
    ACCEPT, BASE, CHECK, DEFAULT, EC, META, ACCEPT2, NEXT = 1, 2, 3, 4, 5, 6, 7, 8

    def __init__(self, blob):
        size = struct.unpack_from(">I", blob, 4)[0]
        self.table = {}
        while size + 12 <= len(blob):
            kind, flags, _, n = struct.unpack_from(">HHII", blob, size)
            if kind == 0:
                break
            code = {1: "B", 2: "H", 4: "I"}[flags]
            self.table[kind] = struct.unpack_from(">%d%s" % (n, code), blob, size + 12)
            size += (12 + n * flags + 7) & ~7

    def step(self, state, byte):
        t = self.table
        byte = t[self.EC][byte] if self.EC in t else byte
        while True:
            at = (t[self.BASE][state] & 0xFFFFFF) + byte
            if at < len(t[self.CHECK]) and t[self.CHECK][at] == state:
                return t[self.NEXT][at]
            differs = t[self.BASE][state] & 0x80000000
            state = t[self.DEFAULT][state]
            if not differs:
                return state

    def walk(self, state, data):
        for byte in data:
            state = self.step(state, byte)
        return state

    def accept(self, state):
        return self.table[self.ACCEPT][state]


class Profile:
    """Tables stand in blobs, the last of which is of files; "policydb" is in front of the other."""
    def __init__(self, data):
        for m in re.finditer(rb"\x04\x06\x00aadfa\x00\x06(....)\x00*(?=\x1b\x5e\x78\x3d)", data, re.S):
            n = struct.unpack("<I", m.group(1))[0]
            self.files = Tables(data[m.end():m.end() + n])
            if data[:m.start()].endswith(b"policydb\x00\x07"):
                self.policy = self.files

    def file(self, path, owned):
        state = self.files.walk(1, path.encode())
        allow = self.files.accept(state)
        return (allow if owned else allow >> OTHERS) & 0x7F

    def socket(self, family, kind):
        state = self.policy.step(1, CLASS_NET)
        state = self.policy.walk(state, struct.pack(">HH", family, kind))
        return bool(self.policy.accept(state) & 0x7F)


class Trace:
    """What was done, as (letters, path) and (family, type)."""

    def __init__(self, root, program):
        self.root, self.program, self.files, self.sockets = root, program, {}, set()

    def read(self, path):
        self.begun = False  # the program has been executed: all before was on the way there
        held = {}           # calls that a line of another process came into
        for line in open(path, errors="replace"):
            m = re.match(r"(\d+) +(.*)", line)
            if not m:
                continue
            pid, text = m.groups()
            if text.endswith("<unfinished ...>"):
                held[pid] = text[:-len("<unfinished ...>")]
                continue
            rest = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
            if rest:
                text = held.pop(pid, "") + rest.group(1)
            self.call(text)

    def call(self, text):
        m = re.match(r"(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?", text)
        if not m:
            return
        name, args, result, opened = m.groups()
        if int(result) < 0 and not re.search(r"EACCES|EPERM|EINPROGRESS", text):
            return
        names = [n for n in re.findall(r'"((?:[^"\\]|\\.)*)"', args)]
        if name == "execve" and self.whole(names[0]) == self.program:
            self.begun = True
            self.did("mr", self.program)
        elif self.begun:
            self.of_file(name, args, names, opened)

    def of_file(self, name, args, names, opened):
        if name in ("open", "openat", "openat2", "creat"):
            self.opened(args, opened or self.whole(names[0]))
        elif name == "execve":
            self.did("rx", self.whole(names[0]))
        elif name == "mmap" and "PROT_EXEC" in args:
            for path in re.findall(r"\d+<(/[^>]*)>", args):
                self.did("m", path)
        elif name in ("flock", "fcntl") and ("F_SETLK" in args or name == "flock"):
            for path in re.findall(r"^\d+<(/[^>]*)>", args):
                self.did("k", path)
        elif name in ("fchmod", "fchown", "ftruncate"):
            for path in re.findall(r"^\d+<(/[^>]*)>", args):
                self.did("w", path)
        elif name.startswith("rename"):
            self.did("rw", self.whole(names[0]))
            self.did("w", self.whole(names[1]))
        elif name in ("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmodat",
                      "truncate", "chown", "mknod"):
            self.did("w", self.whole(names[0]))
        elif name in ("bind", "connect") and "AF_UNIX" in args and 'sun_path="' in args:
            self.did("w" if name == "bind" else "rw", self.whole(names[-1]))
        elif name == "socket" or name == "socketpair":
            family, kind = args.split(", ")[:2]
            self.sockets.add((family, kind.split("|")[0]))

    def opened(self, args, path):
        if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", args):
            self.did("a" if "O_APPEND" in args else "w", path)
        if "O_WRONLY" not in args:
            self.did("r", path)

    def whole(self, path):
        """As the kernel names it: without symbolic links."""
        at = os.path.realpath(self.root + os.path.dirname(path))
        real = os.path.join(at, os.path.basename(path))
        if os.path.islink(real):
            real = os.path.realpath(real)
        real = real[len(self.root):] if real.startswith(self.root) else real
        return real or "/"

    def did(self, letters, path):
        if (path + "/").startswith(self.root + "/"):
            path = path[len(self.root):] or "/"
        if path.startswith("/memfd:") or not path.startswith("/"):
            return
        path = re.sub(r" \(deleted\)$", "", path)
        self.files.setdefault(path, set()).update(letters)

    def owned(self, path, uid):
        at = self.root + path
        # what is gone by now was its own
        return path.startswith("/proc/") or not os.path.lexists(at) or os.lstat(at).st_uid == uid


def main():
    profile, root, uid, program = sys.argv[1:5]
    profile = Profile(open(profile, "rb").read())
    trace = Trace(root, program)
    for path in sys.argv[5:]:
        trace.read(path)
    bad = 0
    for path, letters in sorted(trace.files.items()):
        name = path + "/" if os.path.isdir(root + path) and path != "/" else path
        allowed = profile.file(name, trace.owned(path, int(uid)))
        lacks = "".join(sorted(c for c in letters if not allows(allowed, c)))
        if lacks:
            bad += 1
            print("%s %s" % (path, lacks))
    for family, kind in sorted(trace.sockets):
        if not profile.socket(getattr(socket, family), TYPES[kind]):
            bad += 1
            print("socket %s %s" % (family, kind))
    print("%d files, %d kinds of sockets, %d forbidden" %
          (len(trace.files), len(trace.sockets), bad))
    sys.exit(1 if bad else 0)


def allows(allowed, letter):
    # who may write may append
    return allowed & (LETTERS[letter] | (WRITE if letter == "a" else 0))


if __name__ == "__main__":
    main()
