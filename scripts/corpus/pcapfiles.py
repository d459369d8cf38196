"""Capture files read and written here, apart from the tool's own reader."""

import struct

MAGICS = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}


def frames(data):
    """Link type, original length and bytes of each packet, as far as the file is whole."""
    order = MAGICS.get(data[:4])
    if order is not None and len(data) >= 24:
        yield from pcap(data, order)
    elif data[:4] == b"\n\r\r\n":
        yield from pcapng(data)


def pcap(data, order):
    link_type = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    offset = 24
    while offset + 16 <= len(data):
        captured, original = struct.unpack_from(order + "II", data, offset + 8)
        if captured > 262_144 or offset + 16 + captured > len(data):
            return
        yield link_type, original, data[offset + 16 : offset + 16 + captured]
        offset += 16 + captured


def pcapng(data):
    offset, order, interfaces = 0, "<", []
    while offset + 12 <= len(data):
        if data[offset : offset + 4] == b"\n\r\r\n":
            order = "<" if data[offset + 8 : offset + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, offset)
        if length < 12 or length % 4 or offset + length > len(data):
            return
        if kind == 1:
            interfaces.append(struct.unpack_from(order + "H", data, offset + 8)[0])
        elif kind == 6 and length >= 32:
            number, _, _, captured, original = struct.unpack_from(order + "IIIII", data, offset + 8)
            if number >= len(interfaces) or captured > length - 32:
                return
            yield interfaces[number], original, data[offset + 28 : offset + 28 + captured]
        offset += length


class Writer:
    """A pcapng file with an interface for each file and link type that its frames are from."""

    def __init__(self, path):
        self.file, self.interfaces = open(path, "wb"), {}
        self.block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def block(self, kind, body):
        body += b"\0" * (-len(body) % 4)
        self.file.write(struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12))

    def add(self, name, link_type, original, data):
        number = self.interfaces.get((name, link_type))
        if number is None:
            number = self.interfaces[name, link_type] = len(self.interfaces)
            text = name.encode()
            options = struct.pack("<HH", 2, len(text)) + text + b"\0" * (-len(text) % 4) + b"\0" * 4
            self.block(1, struct.pack("<HHI", link_type, 0, 262_144) + options)
        self.block(6, struct.pack("<IIIII", number, 0, 0, len(data), original) + data)

    def close(self):
        self.file.close()


def write_pcap(path, packets):
    """Packets of Ethernet, ten microseconds apart."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        for index, data in enumerate(packets):
            micros = index * 10
            file.write(
                struct.pack("<IIII", 1_700_000_000 + micros // 1_000_000, micros % 1_000_000, len(data), len(data))
            )
            file.write(data)
