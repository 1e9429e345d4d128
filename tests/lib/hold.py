# SPDX-License-Identifier: GPL-2.0-or-later
"""hold.py TID: stops one thread, says "held", and lets it go at the end of the input.

SIGSTOP stops whole processes; a debugger's calls stop a single thread.  Exit status 77: not
allowed here.
"""
import ctypes
import os
import sys

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

tid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
if libc.ptrace(SEIZE, tid, None, None) or libc.ptrace(INTERRUPT, tid, None, None):
    print("cannot stop a single thread:", os.strerror(ctypes.get_errno()), flush=True)
    sys.exit(77)
os.waitpid(tid, WALL)
print("held", flush=True)
sys.stdin.read()
libc.ptrace(DETACH, tid, None, None)
