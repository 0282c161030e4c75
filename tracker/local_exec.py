"""Run as a script: become another program that dies with its parent and, if told so, as another user.

    python -I -S local_exec.py PARENT_PID SIGNAL UID GID PROGRAM ARG…

A program of its own instead of `preexec_fn`, which may deadlock in a process that has threads. Privileges
are dropped here rather than by `Popen(user=…)`, because the interpreter may live in a folder that the other
user cannot enter; and they are dropped first, because the kernel forgets the death signal on setuid.
UID -1 keeps the current user. Outside Linux there is no death signal: the next start ends the orphan.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    parent, death_signal, uid, gid = (int(word) for word in sys.argv[1:5])
    program = sys.argv[5:]
    os.umask(0o077)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above could tell the kernel
        return
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
