#!/usr/bin/python3
"""Sends packets one by one in the network that it runs in and writes what was seen: probe.py PACKETS.json RESULT.json

The result has for each packet the error of its sender and every sighting on every device of every namespace, and for
the whole every rule's counter. Nothing of the tool under test takes part.
"""

import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
QUIET_SECONDS, LONGEST_SECONDS = 0.006, 0.5
RTM_GETNEIGH, NLM_F_REQUEST_DUMP, NUD_INCOMPLETE = 30, 0x301, 1
NUMBERS = {"tcp": 6, "udp": 17}


def enter(path):
    descriptor = os.open(path, os.O_RDONLY)
    if LIBC.setns(descriptor, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    os.close(descriptor)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(packet, number, payload):
    """The bytes above IP, with their checksum."""
    family = socket.AF_INET if packet["family"] == "v4" else socket.AF_INET6
    ends = socket.inet_pton(family, packet["source"]) + socket.inet_pton(family, packet["destination"])
    if packet["protocol"] == "icmp":
        kind = 8 if packet["family"] == "v4" else 128
        data = struct.pack("!BBHHH", kind, 0, 0, packet["sport"], number) + payload
        pseudo = b"" if packet["family"] == "v4" else ends + struct.pack("!II", len(data), 58)
        offset = 2
    elif packet["protocol"] == "udp":
        data = struct.pack("!HHHH", packet["sport"], packet["dport"], 8 + len(payload), 0) + payload
        pseudo, offset = ends + struct.pack("!II", len(data), 17), 6
    else:
        flags = {"S": 2, "A": 16, "R": 4}[packet["flags"]]
        data = struct.pack("!HHIIBBHHH", packet["sport"], packet["dport"], 1000 + number, 7, 80, flags, 8192, 0, 0)
        data += payload if packet["flags"] == "A" else b""
        pseudo, offset = ends + struct.pack("!II", len(data), 6), 16
    value = struct.pack("!H", checksum(pseudo + data) or 0xFFFF)
    return data[:offset] + value + data[offset + 2:]


def datagrams(packet, number):
    payload = bytes([65 + number % 26]) * packet["size"]
    data = transport(packet, number, payload)
    if packet["family"] == "v6":
        protocol = NUMBERS.get(packet["protocol"], 58)
        ends = socket.inet_pton(socket.AF_INET6, packet["source"]) + socket.inet_pton(socket.AF_INET6, packet["destination"])
        return [struct.pack("!IHBB", 6 << 28, len(data), protocol, packet["ttl"]) + ends + data]
    protocol = NUMBERS.get(packet["protocol"], 1)
    ends = socket.inet_aton(packet["source"]) + socket.inet_aton(packet["destination"])
    parts = [(0, 0, data)]
    if packet["split"] and len(data) > 24:
        parts = [(0x2000, 0, data[:16]), (0, 2, data[16:])]
    flags = 0x4000 if packet["df"] and len(parts) == 1 else 0
    made = []
    for more, offset, part in parts:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), 7000 + number, flags | more | offset, packet["ttl"], protocol, 0)
        made.append(head + ends + part)
    return made


def describe(frame, offset):
    """What of a packet forwarding and firewalls decide; None for what is no packet of ours."""
    version = frame[offset] >> 4 if len(frame) > offset else 0
    if version == 4 and len(frame) >= offset + 20:
        protocol, ttl = frame[offset + 9], frame[offset + 8]
        length, fragment = struct.unpack("!H", frame[offset + 2:offset + 4])[0], struct.unpack("!H", frame[offset + 6:offset + 8])[0]
        ends = [socket.inet_ntop(socket.AF_INET, frame[offset + at:offset + at + 4]) for at in (12, 16)]
        body = frame[offset + (frame[offset] & 15) * 4:]
    elif version == 6 and len(frame) >= offset + 40:
        protocol, ttl, fragment = frame[offset + 6], frame[offset + 7], 0
        length = 40 + struct.unpack("!H", frame[offset + 4:offset + 6])[0]
        ends = [socket.inet_ntop(socket.AF_INET6, frame[offset + at:offset + at + 16]) for at in (8, 24)]
        body = frame[offset + 40:]
    else:
        return None
    if protocol not in (1, 6, 17, 58) or (protocol == 58 and body[:1] and 129 < body[0]):
        return None
    words = [*ends, protocol, ttl, length, fragment & 0x3FFF]
    if not fragment & 0x1FFF:
        words += [body[0], body[1]] if protocol in (1, 58) else list(struct.unpack("!HH", body[:4]))
        if protocol == 6:
            words.append(body[13])
        # A tunnel's packet is told by the one inside.
        if protocol == 17 and words[7] in (4789, 8472) and len(body) > 30:
            words[6] = 0
            inner = describe(body, 8 + 8 + 14)
            # ARP in a tunnel comes when the kernel pleases.
            return [*words, inner] if inner else None
    return words


class Neighbours:
    """Of the namespace that it is made in."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)

    def are_asked_for(self):
        """Whether an answer is still waited for, and packets with it."""
        self.socket.send(struct.pack("=IHHIIB11x", 28, RTM_GETNEIGH, NLM_F_REQUEST_DUMP, 1, 0, 0))
        found = False
        while True:
            data = self.socket.recv(1 << 16)
            while data:
                length, kind = struct.unpack("=IH", data[:6])
                if kind in (2, 3):  # NLMSG_ERROR, NLMSG_DONE
                    return found
                # struct ndmsg: family, padding, index, state.
                found = found or struct.unpack("=H", data[24:26])[0] & NUD_INCOMPLETE != 0
                data = data[(length + 3) & ~3:]


class Watch:
    def __init__(self, names):
        self.senders, self.receivers, self.neighbours = {}, {}, []
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        for name in names:
            if name != "host":
                enter(f"/run/netns/{name}")
            receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            receiver.setblocking(False)
            self.receivers[receiver] = name
            self.neighbours.append(Neighbours())
            sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            sender.setsockopt(socket.SOL_IP, 10, 3)  # IP_MTU_DISCOVER: never what an earlier packet learned
            try:
                other = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            except OSError:
                other = None
            self.senders[name] = {"v4": sender, "v6": other}
            LIBC.setns(home, 0x40000000)

    def sightings(self):
        """What is seen until the network is at rest: nothing more comes, and no neighbour is waited for."""
        seen, start = [], time.monotonic()
        last, waits = start, True
        while time.monotonic() - start < LONGEST_SECONDS:
            if time.monotonic() - last >= QUIET_SECONDS:
                waited, waits = waits, any(one.are_asked_for() for one in self.neighbours)
                # Once more after the last of them: what was told of its failure may be on its way.
                if not waited and not waits:
                    break
                last = time.monotonic()
            for receiver in select.select(list(self.receivers), [], [], QUIET_SECONDS)[0]:
                try:
                    frame, (device, kind, way, _, _) = receiver.recvfrom(65535)
                except OSError:
                    continue
                words = describe(frame, 14) if kind in (0x0800, 0x86DD) else None
                if words:
                    last = time.monotonic()
                    seen.append([self.receivers[receiver], device, way, frame[:12].hex(), *words])
        return sorted(seen, key=json.dumps)

    def send(self, packet, number):
        error = 0
        for datagram in datagrams(packet, number):
            try:
                to = (packet["destination"], 0) if packet["family"] == "v4" else (packet["destination"], 0, 0, 0)
                self.senders[packet["namespace"]][packet["family"]].sendto(datagram, to)
            except OSError as failure:
                error = failure.errno
        return {"error": error, "seen": self.sightings()}


def output(name, *words):
    entry = [] if name == "host" else ["ip", "netns", "exec", name]
    return subprocess.run([*entry, *words], capture_output=True, text=True).stdout


def counters(names):
    """Every rule's packets, in order: (namespace, table, chain) -> [packets]."""
    found = {}
    for name in names:
        for item in json.loads(output(name, "nft", "-j", "list", "ruleset") or '{"nftables": []}')["nftables"]:
            rule = item.get("rule")
            if not rule or rule["table"].startswith("packetwalk"):
                continue
            place = f"{name} {rule['family']} {rule['table']} {rule['chain']}"
            counts = [part["counter"]["packets"] for part in rule["expr"] if "counter" in part]
            found.setdefault(place, []).extend(counts)
        for program in ("iptables-legacy-save", "ip6tables-legacy-save"):
            table = ""
            for line in output(name, program, "-c").splitlines():
                if line.startswith("*"):
                    table = line
                if line.startswith("["):
                    place = f"{name} {program} {table} {line.split(' ')[2]}"
                    found.setdefault(place, []).append(int(line[1:].split(":")[0]))
    return found


def main():
    with open(sys.argv[1]) as file:
        packets = json.load(file)
    names = ["host"] + sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else ["host"]
    names = [name for name in names if name == "host" or name in sys.argv[3].split(",")]
    before = counters(names)
    watch = Watch(names)
    watch.sightings()
    results = [watch.send(packet, number) for number, packet in enumerate(packets)]
    after = counters(names)
    risen = {place: [one - other for one, other in zip(counts, before.get(place, [0] * len(counts)))]
             for place, counts in after.items()}
    with open(sys.argv[2], "w") as file:
        json.dump({"packets": results, "counters": risen}, file)


main()
