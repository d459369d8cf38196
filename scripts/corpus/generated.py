"""Large captures made here: flows, and what is hard for a program that joins packets."""

import pcapfiles
from wire import ethernet, icmp, ipv4, ipv6, tcp, udp

SIZE = 10_500_000


def flows():
    """TCP connections, questions and their answers, echo requests."""
    number = 0
    while True:
        number += 1
        client, server, port = f"192.0.2.{number % 200 + 1}", f"198.51.100.{number % 50 + 1}", 1024 + number % 60_000
        yield ipv4(client, server, 17, udp(client, server, port, 53, number.to_bytes(8, "big") * 8), ident=number)
        yield ipv4(server, client, 17, udp(server, client, 53, port, number.to_bytes(8, "big") * 20), ident=number)
        for flags, way in ((2, 0), (18, 1), (16, 0), (24, 0), (16, 1), (17, 0), (17, 1)):
            one, other, ports = (client, server, (port, 443)) if way == 0 else (server, client, (443, port))
            payload = b"x" * 700 if flags == 24 else b""
            yield ipv4(
                one, other, 6, tcp(one, other, *ports, flags=flags, seq=number, payload=payload), ident=number + flags
            )
        yield ipv4(client, server, 1, icmp(8, number & 0xFFFF, 1), ident=number)


def syns():
    """A connection attempt from everywhere."""
    number = 0
    while True:
        number += 1
        source = f"198.18.{number >> 8 & 255}.{number & 255}"
        yield ipv4(
            source, "203.0.113.1", 6, tcp(source, "203.0.113.1", 1024 + number % 60_000, 80, seq=number), ident=number
        )


def alike():
    """Fragmented datagrams of IPv6 that begin alike."""
    number = 0
    while True:
        number += 1
        whole = udp("2001:db8::1", "2001:db8::2", 4000, 5000, b"a" * 1992)
        for offset, more in ((0, 1), (1400, 0)):
            header = bytes([17, 0]) + (offset | more).to_bytes(2, "big") + number.to_bytes(4, "big")
            yield ipv6("2001:db8::1", "2001:db8::2", 44, header + whole[offset : offset + 1400])


def first_fragments():
    """First fragments alone, of one pair of hosts."""
    number = 0
    while True:
        number += 1
        yield ipv4(
            "192.0.2.1", "203.0.113.1", 17, udp("192.0.2.1", "203.0.113.1", 9, 9, b"b" * 40), ident=number, more=True
        )


def same():
    """One packet over and over."""
    while True:
        yield ipv4("192.0.2.1", "203.0.113.1", 17, udp("192.0.2.1", "203.0.113.1", 9, 9, b"c" * 40), ident=7)


def large_files(folder):
    target = folder / "generated"
    target.mkdir(exist_ok=True)
    paths = []
    for kind in (flows, syns, alike, first_fragments, same):
        path = target / f"{kind.__name__}.pcap"
        if not path.exists():
            pcapfiles.write_pcap(path, limited(kind()))
        paths.append(path)
    return paths


def limited(packets):
    size = 24
    for packet in packets:
        frame = ethernet(packet)
        size += 16 + len(frame)
        if size > SIZE:
            return
        yield frame
