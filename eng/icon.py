#!/usr/bin/env python3
"""Draws the packages' icon, icon.png: a person, and the header lines that tell a backend who it is. Needs nothing but Python."""
import pathlib
import struct
import zlib

SIZE, SAMPLES = 128, 4
BACK, FRONT = (31, 78, 121), (255, 255, 255)


def in_rounded_box(x, y, left, top, right, bottom, radius):
    nearest_x = min(max(x, left + radius), right - radius)
    nearest_y = min(max(y, top + radius), bottom - radius)
    return (x - nearest_x) ** 2 + (y - nearest_y) ** 2 <= radius ** 2


def is_front(x, y):
    head = (x - 40) ** 2 + (y - 46) ** 2 <= 15 ** 2
    shoulders = ((x - 40) / 26) ** 2 + ((y - 98) / 30) ** 2 <= 1 and y <= 96
    lines = any(in_rounded_box(x, y, 74, top, right, top + 9, 4.5) for top, right in ((38, 112), (59, 104), (80, 112)))
    return head or shoulders or lines


def pixel(column, row):
    points = [(column + (i + 0.5) / SAMPLES, row + (j + 0.5) / SAMPLES) for i in range(SAMPLES) for j in range(SAMPLES)]
    inside = [point for point in points if in_rounded_box(*point, 0, 0, SIZE, SIZE, 24)]
    share = sum(is_front(*point) for point in inside) / max(len(inside), 1)
    color = bytes(round(back + (front - back) * share) for back, front in zip(BACK, FRONT))
    return color + bytes([round(255 * len(inside) / len(points))])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = b"".join(b"\0" + b"".join(pixel(column, row) for column in range(SIZE)) for row in range(SIZE))
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9))
(pathlib.Path(__file__).parent / "icon.png").write_bytes(png + chunk(b"IEND", b""))
