"""Xet's store: xorbs of chunks, and shards that say which chunks make which file.

Formats: https://huggingface.co/docs/xet/xorb and https://huggingface.co/docs/xet/shard.
"""

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import pyarrow as pa

HEADER = b"HFRepoMetaData\0"
BOOKEND = b"\xff" * 32
WITH_VERIFICATION, WITH_METADATA = 1 << 31, 1 << 30
ENTRY = struct.Struct("<32s4I")
"""All entries of a shard are 48 bytes: a hash, and 16 bytes of numbers or nothing."""


class Term(NamedTuple):
    """A run of chunks of one xorb."""

    xorb: str
    size: int
    first: int
    end: int


class XetFile(NamedTuple):
    sha256: str
    terms: list[Term]


class XetError(Exception):
    """What was sent is not in the format, or does not make the file it claims."""


def read_hash(raw: bytes) -> str:
    """Returns the hex form of a hash: four little-endian numbers, each written big end first."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def read_chunks(xorb: bytes) -> Iterator[bytes]:
    """Yields a xorb's chunks, unpacked; stops at its footer, if it has one."""
    position = 0
    while position + 8 <= len(xorb) and xorb[position] == 0:
        packed = int.from_bytes(xorb[position + 1 : position + 4], "little")
        scheme = xorb[position + 4]
        size = int.from_bytes(xorb[position + 5 : position + 8], "little")
        position += 8
        yield unpack(xorb[position : position + packed], scheme, size)
        position += packed


def unpack(data: bytes, scheme: int, size: int) -> bytes:
    """Returns a chunk: stored as it is (0), as an LZ4 frame (1), or grouped by byte first (2)."""
    if scheme:
        data = pa.Codec("lz4").decompress(data, decompressed_size=size, asbytes=True)
    if len(data) != size:
        raise XetError(f"a chunk of {len(data)} bytes claims {size}")
    if scheme != 2:
        return data
    chunk, start = bytearray(size), 0
    for group in range(4):
        end = start + (size + 3 - group) // 4
        chunk[group::4] = data[start:end]
        start = end
    return bytes(chunk)


def read_shard(shard: bytes) -> list[XetFile]:
    """Returns the files that a shard describes; what it says of xorbs is not needed."""
    if not shard.startswith(HEADER):
        raise XetError("a shard without its magic number")
    files: list[XetFile] = []
    position = 48
    while True:
        name, flags, count, _, _ = ENTRY.unpack_from(shard, position)
        position += 48
        if name == BOOKEND:
            return files
        terms: list[Term] = []
        for number in range(count):
            xorb, _, size, first, end = ENTRY.unpack_from(shard, position + 48 * number)
            terms.append(Term(read_hash(xorb), size, first, end))
        position += 48 * count * (2 if flags & WITH_VERIFICATION else 1)
        if not flags & WITH_METADATA:
            raise XetError("a file without its sha256")
        files.append(XetFile(read_hash(shard[position : position + 32]), terms))
        position += 48


class XetStore:
    """What was sent so far."""

    def __init__(self) -> None:
        self.xorbs: dict[str, list[bytes]] = {}
        """Hash -> chunks."""

    def put_xorb(self, name: str, body: bytes) -> bool:
        """Returns whether the xorb is new; keeps it."""
        new = name not in self.xorbs
        self.xorbs[name] = list(read_chunks(body))
        return new

    def put_shard(self, body: bytes) -> list[tuple[str, bytes]]:
        """Returns the sha256 and content of each file that a shard describes.

        Raises:
            XetError: a file needs a xorb that is not here, or its parts make another file.
        """
        return [(file.sha256, self._join(file)) for file in read_shard(body)]

    def _join(self, file: XetFile) -> bytes:
        parts: list[bytes] = []
        for term in file.terms:
            chunks = self.xorbs.get(term.xorb, [])[term.first : term.end]
            part = b"".join(chunks)
            if len(chunks) != term.end - term.first or len(part) != term.size:
                raise XetError(f"xorb {term.xorb} has no chunks {term.first} to {term.end}")
            parts.append(part)
        content = b"".join(parts)
        if sha256(content).hexdigest() != file.sha256:
            raise XetError(f"the terms do not make {file.sha256}")
        return content
