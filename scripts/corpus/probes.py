"""The packets that are sent at a rule: one of each protocol, and one that fits what the rule asks."""

import ipaddress
import re
import socket

import wire

SOURCES = {4: "192.0.2.1", 6: "2001:db8:1::1"}
KINDS = ("tcp", "udp", "icmp", "fit")
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def target(family, number):
    """The address that only rule `number` is jumped to for."""
    first = ipaddress.ip_address("198.18.0.1" if family == 4 else "2001:db8:2::1")
    return str(first + number)


def number_after(pattern, text, otherwise):
    found = re.search(pattern + r"\s+(?:!=\s*)?[{]?\s*(0x[0-9a-f]+|\d+)", text)
    return int(found[1], 0) if found else otherwise


def protocol_of(text):
    found = re.search(r"(?:-p|protocol|l4proto|nexthdr)\s+(?:[{]\s*)?([\w-]+)", text) or re.match(
        r"(tcp|udp|icmpv6|icmp|sctp)\b", text
    )
    if not found:
        return 6
    try:
        name = found[1].replace("icmpv6", "ipv6-icmp")
        return (int(name) if name.isdigit() else socket.getprotobyname(name)) or 6
    except OSError:
        return 6


def packet(kind, family, number, text):
    protocol = {"tcp": 6, "udp": 17, "icmp": 1 if family == 4 else 58}.get(kind)
    fits = kind == "fit"
    if fits:
        protocol = protocol_of(text) & 255
        if family == 6 and protocol == 1:
            protocol = 58
    source, destination = SOURCES[family], target(family, number)
    asked = text if fits else ""
    sport = number_after(r"(?:--sports?|sport)", asked, 40_000) & 0xFFFF
    dport = number_after(r"(?:--dports?|--ports|dport)", asked, 80) & 0xFFFF
    if protocol == 6:
        flags = 2
        wanted = re.search(r"--tcp-flags \S+ (\S+)", asked)
        if wanted:
            flags = sum(FLAGS.get(word, 0) for word in wanted[1].split(","))
        payload = wire.tcp(source, destination, sport, dport, flags=flags, seq=number)
    elif protocol in (17, 136):
        payload = wire.udp(source, destination, sport, dport, b"abcdefgh", protocol)
    elif protocol == 1:
        payload = wire.icmp(number_after("(?:--icmp-type|icmp type)", asked, 8) & 255, 9, number & 0xFFFF)
    elif protocol == 58:
        kind_ = number_after("(?:--icmpv6-type|icmpv6 type)", asked, 128) & 255
        payload = wire.icmpv6(source, destination, kind_, 9, number & 0xFFFF)
    elif protocol == 132:
        payload = wire.sctp(sport, dport)
    elif protocol == 33:
        payload = wire.dccp(sport, dport)
    else:
        payload = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + b"\0" * 28
    # The forward hook sees one less.
    ttl = min(255, number_after(r"(?:--ttl-eq|--hl-eq|ttl|hoplimit)", asked, 63) + 1)
    class_ = number_after(r"--dscp", asked, 0) << 2 & 255 or number_after(r"--tos", asked, 0) & 255
    whole = (
        wire.ipv4(source, destination, protocol, payload, ttl, class_, ident=7)
        if family == 4
        else wire.ipv6(source, destination, protocol, payload, ttl, class_)
    )
    return wire.ethernet(whole, b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02")
