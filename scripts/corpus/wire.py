"""Packets made byte by byte."""

import ipaddress
import struct


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def pseudo(source, destination, protocol, segment):
    return packed(source) + packed(destination) + struct.pack(">II", len(segment), protocol)


def udp(source, destination, sport, dport, payload=b"", protocol=17):
    segment = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    value = checksum(pseudo(source, destination, protocol, segment) + segment) or 0xFFFF
    return segment[:6] + struct.pack(">H", value) + segment[8:]


def tcp(source, destination, sport, dport, flags=2, seq=1, payload=b"", options=b""):
    options += b"\0" * (-len(options) % 4)
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, 0, (5 + len(options) // 4) << 4, flags, 65_000, 0, 0)
    segment = head + options + payload
    value = checksum(pseudo(source, destination, 6, segment) + segment)
    return segment[:16] + struct.pack(">H", value) + segment[18:]


def sctp(sport, dport):
    """An INIT chunk (RFC 9260); the sum is not looked at on the way."""
    return struct.pack(">HHII", sport, dport, 0, 0) + struct.pack(">BBHIIHHI", 1, 0, 20, 1, 65_000, 1, 1, 1)


def dccp(sport, dport):
    """A Request (RFC 4340)."""
    return struct.pack(">HHBBHBBHII", sport, dport, 5, 0, 0, 1, 0, 0, 1, 0)


def icmp(kind, ident, seq, code=0, payload=b"abcdefgh"):
    message = struct.pack(">BBHHH", kind, code, 0, ident, seq) + payload
    return message[:2] + struct.pack(">H", checksum(message)) + message[4:]


def icmpv6(source, destination, kind, ident, seq, code=0, payload=b"abcdefgh"):
    message = struct.pack(">BBHHH", kind, code, 0, ident, seq) + payload
    value = checksum(pseudo(source, destination, 58, message) + message)
    return message[:2] + struct.pack(">H", value) + message[4:]


def ipv4(source, destination, protocol, payload, ttl=64, tos=0, ident=0, more=False):
    flags = 0x2000 if more else 0
    head = struct.pack(">BBHHHBBH", 0x45, tos, 20 + len(payload), ident & 0xFFFF, flags, ttl, protocol, 0)
    head += packed(source) + packed(destination)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, protocol, payload, hop_limit=64, tclass=0):
    first = 6 << 28 | tclass << 20
    return (
        struct.pack(">IHBB", first, len(payload), protocol, hop_limit) + packed(source) + packed(destination) + payload
    )


def ethernet(packet, source=b"\x02\0\0\0\0\x01", destination=b"\x02\0\0\0\0\x02"):
    return destination + source + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet
