# SPDX-License-Identifier: MIT
"""Images of MicroPython's ROMFS: read, and built so that the data of every file is aligned.

An image is one record, and so is everything in it: kind and length as numbers in base 128 (most significant
digit first, bit 7 set in all but the last), then the payload. A directory's payload is its name and the
records in it; a file's is its name and, behind any padding, a record of its data or of a pointer to data
elsewhere in the image. Unknown kinds are skipped. (extmod/vfs_rom.c describes it.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MAGIC = b"\xd2\xcd\x31"  # the kind of an image's record
PADDING, VERBATIM, POINTER, DIRECTORY, FILE = 1, 2, 3, 4, 5
HEADER = 8  # bytes of the magic and the length of images built here
START = 32  # where their first entry begins: what flash writes at one go then holds the header and no entry
ALIGNMENT = 16
DEEPEST = 16  # directories in directories

Files = Mapping[str, bytes]  # data by path, as in "lib/a.mpy"; a path that ends in "/" is an empty directory


class RomfsError(ValueError):
    """The bytes are no ROMFS image, or a damaged one."""


def size_of(start: bytes) -> int | None:
    """Bytes of the image that begins so (12 bytes are enough); None if none does."""
    if not start.startswith(MAGIC):
        return None
    try:
        length, at = _number(start, len(MAGIC), len(start))
    except RomfsError:
        return None
    return at + length


def parse(image: bytes) -> dict[str, bytes]:
    """The files of an image, in its order. RomfsError if it is damaged."""
    return {path: image[start : start + size] for path, start, size in places(image)}


def places(image: bytes) -> Iterator[tuple[str, int, int]]:
    """(path, offset, bytes) of each file's data."""
    total = size_of(image[:12])
    if total is None:
        raise RomfsError("it is no ROMFS image")
    if total > len(image):
        raise RomfsError(f"a ROMFS image of {total} bytes ends after {len(image)}")
    _, first = _number(image, len(MAGIC), total)
    yield from _folder(image, first, first, total, "", 0)


def _folder(
    image: bytes, base: int, at: int, end: int, path: str, depth: int
) -> Iterator[tuple[str, int, int]]:
    if depth > DEEPEST:
        raise RomfsError(f"its directories are more than {DEEPEST} deep")
    empty = True
    while at < end:
        kind, start, after = _record(image, at, end)
        if kind in (DIRECTORY, FILE):
            empty = False
            length, start = _number(image, start, after)
            if start + length > after:
                raise RomfsError(f"the name at byte {start} is longer than its record")
            name = path + image[start : start + length].decode("utf-8", "surrogateescape")
            start += length
            if kind == DIRECTORY:
                yield from _folder(image, base, start, after, name + "/", depth + 1)
            else:
                yield name, *_data(image, base, start, after, end)
        at = after
    if empty and path:
        yield path, at, 0


def _data(image: bytes, base: int, at: int, end: int, limit: int) -> tuple[int, int]:
    """(offset, bytes) of a file's data."""
    while at < end:
        kind, start, after = _record(image, at, end)
        if kind == VERBATIM:
            return start, after - start
        if kind == POINTER:
            size, start = _number(image, start, after)
            offset, _ = _number(image, start, after)
            if base + offset + size > len(image):
                raise RomfsError(f"the pointer at byte {at} leads out of the image")
            return base + offset, size
        at = after
    raise RomfsError(f"the file that ends at byte {end} has no data")


def _record(image: bytes, at: int, end: int) -> tuple[int, int, int]:
    """(kind, offset of the payload, offset behind it)."""
    kind, start = _number(image, at, end)
    length, start = _number(image, start, end)
    if kind == 0 or start + length > end:
        raise RomfsError(f"the record at byte {at} is damaged")
    return kind, start, start + length


def _number(image: bytes, at: int, end: int) -> tuple[int, int]:
    value = 0
    for i in range(at, min(end, at + 10)):
        value = value << 7 | image[i] & 127
        if image[i] < 128:
            return value, i + 1
    raise RomfsError(f"the number at byte {at} has no end")


def build(files: Files, start: int = START) -> bytes:
    """An image with these files, whose first entry begins at byte start. It depends on nothing else.
    RomfsError for paths that contradict another."""
    tree: dict = {}
    for path, data in files.items():
        *folders, name = path.split("/")
        here = tree
        for folder in folders:
            here = here.setdefault(folder, {})
            if not folder or not isinstance(here, dict):
                raise RomfsError(f"{path!r} can't be a path beside the others")
        if name in here:
            raise RomfsError(f"{path!r} is a file and a directory")
        if name:
            here[name] = data
    digits = next(n for n in range(1, 5) if start - HEADER - 1 - n < 1 << 7 * n)
    gap = start - HEADER - 1 - digits
    body = bytes([PADDING]) + _digits(gap, digits) + bytes(gap) + _entries(tree, start)
    return MAGIC + _digits(len(body), HEADER - len(MAGIC)) + body


def _entries(tree: dict, at: int) -> bytes:
    """The records of a directory whose first one lies at byte at of the image."""
    out = bytearray()
    for name, content in tree.items():
        encoded = name.encode("utf-8", "surrogateescape")
        start = _digits(len(encoded)) + encoded
        # Behind kind and length, which take 5 bytes.
        inside = at + len(out) + 5 + len(start)
        if isinstance(content, dict):
            out += _record_of(DIRECTORY, start + _entries(content, inside))
        else:
            out += _record_of(FILE, start + _padding(inside + 5) + _record_of(VERBATIM, content))
    return bytes(out)


def _padding(at: int) -> bytes:
    """A record that moves what would lie at byte at to a multiple of ALIGNMENT. It has 2 bytes at least."""
    gap = -at % ALIGNMENT
    if gap == 0:
        return b""
    if gap == 1:
        gap += ALIGNMENT
    return bytes([PADDING, gap - 2]) + bytes(gap - 2)


def _record_of(kind: int, payload: bytes) -> bytes:
    return bytes([kind]) + _digits(len(payload), 4) + payload


def _digits(value: int, width: int | None = None) -> bytes:
    """A number, in as many digits as asked for: leading zeros are allowed."""
    digits = [value & 127]
    while value := value >> 7:
        digits.insert(0, 128 | value & 127)
    if width is not None:
        if len(digits) > width:
            raise RomfsError(f"a record is longer than {width} digits of 7 bits can say")
        digits = [128] * (width - len(digits)) + digits
    return bytes(digits)
