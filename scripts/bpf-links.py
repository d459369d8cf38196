#!/usr/bin/env python3
"""The BPF links of the machine that hold programs of the sighting probes (`see_…`): those at hooks, at what comes in by
devices, and at what goes out. Asks the kernel itself (bpf(2)), since no program of Debian 12 knows all of them. As root.

    bpf-links.py          how many there are
    bpf-links.py PID      the numbers of those that a process holds
    bpf-links.py --all    the numbers of all
"""
import ctypes
import os
import pathlib
import platform
import re
import sys

NUMBER = {"x86_64": 321, "aarch64": 280}[platform.machine()]
GET_NEXT_ID, GET_FD_BY_ID, PROGRAM_BY_ID, INFO_BY_FD = 31, 30, 13, 15
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, *words):
    request = (ctypes.c_uint32 * 32)(*words)
    return libc.syscall(NUMBER, command, request, ctypes.sizeof(request)), request


def program_name(number):
    descriptor, _ = bpf(PROGRAM_BY_ID, number)
    if descriptor < 0:
        return ""
    info = ctypes.create_string_buffer(232)
    request = (ctypes.c_uint32 * 4)(descriptor, len(info), *divmod_address(ctypes.addressof(info)))
    libc.syscall(NUMBER, INFO_BY_FD, request, ctypes.sizeof(request))
    os.close(descriptor)
    # struct bpf_prog_info: the name stands behind eleven words and two addresses.
    return info.raw[64:80].split(b"\0")[0].decode()


def divmod_address(address):
    return address & 0xFFFFFFFF, address >> 32


def sighting_links():
    found, link = [], 0
    while True:
        code, request = bpf(GET_NEXT_ID, link)
        if code < 0:
            return found
        link = request[1]
        descriptor, _ = bpf(GET_FD_BY_ID, link)
        if descriptor < 0:
            continue
        with open(f"/proc/self/fdinfo/{descriptor}") as file:
            program = re.search(r"prog_id:\s*(\d+)", file.read())
        os.close(descriptor)
        if program and program_name(int(program[1])).startswith("see_"):
            found.append(link)


def held_by(process):
    files = pathlib.Path(f"/proc/{process}/fdinfo").iterdir()
    texts = (re.search(r"link_id:\s*(\d+)", file.read_text()) for file in files)
    return {int(text[1]) for text in texts if text}


links = sighting_links()
match sys.argv[1:]:
    case []:
        print(len(links))
    case ["--all"]:
        print(*links)
    case [process]:
        own = held_by(process)
        print(*(link for link in links if link in own))
