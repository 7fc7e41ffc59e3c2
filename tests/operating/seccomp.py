"""The system calls that a unit allows, as a filter for the kernel: SystemCallFilter= by the groups that
`systemd-analyze syscall-filter` knows, put into force by prctl(2). x86-64 only."""
import ctypes
import os
import re
import struct
import subprocess

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_MDWE = 38, 22, 65
SECCOMP_MODE_FILTER, ALLOW, ERRNO, AUDIT_ARCH_X86_64 = 2, 0x7FFF0000, 0x00050000, 0xC000003E
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
EPERM = 1


def numbers():
    text = open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="utf-8").read()
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}


def group(name):
    """Names of a group's calls, and of the groups in it."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], check=True, capture_output=True,
                          text=True).stdout
    found = set()
    for word in (line.strip() for line in said.splitlines()[1:]):
        if word.startswith("@"):
            found |= group(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed(filters):
    """The calls that lines like "@system-service" and "~@privileged @resources" leave."""
    names = set()
    for line in filters:
        takes_away = line.startswith("~")
        for word in line.lstrip("~").split():
            calls = group(word) if word.startswith("@") else {word}
            names = names - calls if takes_away else names | calls
    return names | group("@default")


def program(filters):
    known = numbers()
    calls = sorted(known[name] for name in allowed(filters) if name in known)
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_ARCH_X86_64), (RETURN, 0, 0, ERRNO | EPERM), (LOAD, 0, 0, 0)]
    for number in calls:
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps.append((RETURN, 0, 0, ERRNO | EPERM))
    return b"".join(struct.pack("HBBI", *step) for step in steps), len(steps)


def enforce(filter_program):
    """In the child, before its program: no new privileges, no writable code where the kernel knows that, and
    only these calls."""
    code, count = filter_program
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP", count, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(head), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
