"""Small ICC profiles (ICC.1:2001-04), which no one else has rights on."""

import struct


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))


def curve(values):
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def description(text):
    text = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)


def profile(kind, space, connection, tags):
    """A profile of one class; tags with the same bytes share them."""
    head = bytearray(128)
    head[8] = 2
    head[12:24] = kind + space + connection
    head[36:40] = b"acsp"
    head[68:80] = fixed(0.9642) + fixed(1) + fixed(0.8249)
    table, data, offsets = struct.pack(">I", len(tags)), b"", {}
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        if body not in offsets:
            offsets[body] = start + len(data)
            data += body + bytes(-len(body) % 4)
        table += name + struct.pack(">II", offsets[body], len(body))
    whole = bytes(head) + table + data
    return struct.pack(">I", len(whole)) + whole[4:]


def rgb(name, colorants, tone):
    tags = {b"desc": description(name), b"wtpt": xyz((0.9642, 1, 0.8249))}
    tags |= {kind + b"XYZ": xyz(values) for kind, values in zip((b"r", b"g", b"b"), colorants)}
    tags |= {kind + b"TRC": curve(tone) for kind in (b"r", b"g", b"b")}
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def srgb_tone(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def display_p3():
    """Colorants adapted to D50, as in every Display P3 profile."""
    tone = [round(65535 * srgb_tone(index / 255)) for index in range(256)]
    colorants = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
    return rgb("Display P3", colorants, tone)


def adobe_rgb():
    colorants = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
    return rgb("Adobe RGB (1998)", colorants, [round(256 * 563 / 256)])


def grey():
    tags = {b"desc": description("Grey of gamma 1.8"), b"wtpt": xyz((0.9642, 1, 0.8249))}
    return profile(b"mntr", b"GRAY", b"XYZ ", tags | {b"kTRC": curve([round(256 * 1.8)])})


def ink():
    """CMYK to Lab in a table of three points along each ink, with bluish black."""
    identity = bytes(range(256))
    table = bytearray()
    for index in range(81):
        cyan, magenta, yellow, black = (index // 27, index // 9 % 3, index // 3 % 3, index % 3)
        light = (1 - 0.35 * cyan / 2) * (1 - 0.4 * magenta / 2) * (1 - 0.08 * yellow / 2)
        light *= 1 - 0.9 * black / 2
        a = 128 + (30 * magenta - 18 * cyan) * light
        b = 128 + (36 * yellow - 22 * cyan - 3 * magenta) * light - 2 * black
        table += bytes(round(min(max(value, 0), 255)) for value in (255 * light, a, b))
    matrix = b"".join(map(fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 3, 0]) + matrix + identity * 4 + bytes(table) + identity * 3
    tags = {b"desc": description("Ink Test"), b"wtpt": xyz((0.9642, 1, 0.8249)), b"A2B0": lut}
    return profile(b"prtr", b"CMYK", b"Lab ", tags)
