"""A file's content in blocks, unpacked as it is read: gzip, xz, zstd or as it stands; bounded, whatever it claims.

The first bytes tell how it is packed, never its name. Memory stays small however large the content is.
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

BLOCK = 1 << 20
_SIP = 1 << 10  # of zstd at a time: four bytes of it may stand for 128 KiB
#: More than this from one byte on disk is no log that somebody packed. Real logs give 10 to 60.
_RATIO, _FREE = 400, 1 << 26
_XZ_MEMORY = 1 << 27
_WINDOW = 1 << 27


def blocks(path: Path) -> Iterator[bytes]:
    """Give the content in blocks of about a mebibyte; raises OSError, EOFError or ValueError where it is broken."""
    with path.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        unpacked = _unpacked(file, magic)
        limit = max(_FREE, path.stat().st_size * _RATIO)
        given = 0
        for block in unpacked:
            given += len(block)
            if given > limit:
                raise ValueError("unpacks to far more than a log does")
            yield block


def _unpacked(file: IO[bytes], magic: bytes) -> Iterator[bytes]:
    if magic[:2] == b"\x1f\x8b":
        return _gzip(file)
    if magic == b"\xfd7zXZ\x00":
        return _xz(file)
    if magic[:4] == b"\x28\xb5\x2f\xfd":
        return _zstd(file)
    return iter(lambda: file.read(BLOCK), b"")


def _gzip(file: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from iter(lambda: unpacked.read(BLOCK), b"")
    except zlib.error as trouble:
        raise ValueError(str(trouble)) from None


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """Read streams one behind the other; zeros between them are padding (xz file format, section 2.2)."""
    decoder, packed = lzma.LZMADecompressor(memlimit=_XZ_MEMORY), b""
    while True:
        if decoder.eof:
            packed = decoder.unused_data.lstrip(b"\0")
            while not packed and (more := file.read(BLOCK)):
                packed = more.lstrip(b"\0")
            if not packed:
                return
            decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        elif decoder.needs_input and not (packed := file.read(BLOCK)):
            raise EOFError("breaks off in the middle")
        try:
            content = decoder.decompress(packed, BLOCK)
        except lzma.LZMAError as trouble:
            raise ValueError(str(trouble)) from None
        packed = b""
        if content:
            yield content


def _zstd(file: IO[bytes]) -> Iterator[bytes]:
    """Read frames one behind the other (RFC 8878 section 3.1); a window of more than 128 MiB is refused."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    decoder, packed = unpacker.decompressobj(), b""
    while packed or (packed := file.read(_SIP)):
        if decoder.eof:
            decoder = unpacker.decompressobj()
        try:
            content = decoder.decompress(packed)
        except zstandard.ZstdError as trouble:
            raise ValueError(str(trouble)) from None
        packed = decoder.unused_data if decoder.eof else b""
        if content:
            yield content
    if not decoder.eof:
        raise EOFError("breaks off in the middle")
