"""Whether a write-ahead log is torn at its end, as a kill leaves it, or damaged in the middle.

SQLite reads a log up to the first frame whose checksum fails and forgets the rest. That is right for the last
transaction, which nobody was told about; it is a silent loss for those that were synced before. The two can be told
apart: a commit is synced before the next transaction begins, so at most *one* commit of this log's generation may lie
beyond the first bad frame. Two of them: something was damaged that had been acknowledged, and the store must not open.
(One synced commit alone that is damaged as the very last of the log cannot be told from one that was never finished.)

Source: SQLite file format, section 4 (the write-ahead log).
"""

import struct
from pathlib import Path
from typing import Final

HEADER_SIZE_BYTES: Final = 32
FRAME_HEADER_SIZE_BYTES: Final = 24
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683


def lost_commits(path: Path) -> int:
    """How many commits of the log's present generation lie beyond its first bad frame; 0 if there is no log."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0
    if len(content) < HEADER_SIZE_BYTES:
        return 0
    magic, _, page_size, _, salt_1, salt_2, sum_1, sum_2 = struct.unpack(">8I", content[:HEADER_SIZE_BYTES])
    order = {_MAGIC_LITTLE: "<", _MAGIC_BIG: ">"}.get(magic)
    frame_size = FRAME_HEADER_SIZE_BYTES + page_size
    if order is None or _summed(content[:24], (0, 0), order) != (sum_1, sum_2):
        # It lies within one disk sector, so no power cut tears it. What follows cannot be read: taken for two commits.
        return 2 if len(content) > HEADER_SIZE_BYTES else 0
    state = (sum_1, sum_2)
    good = True
    lost = 0
    for start in range(HEADER_SIZE_BYTES, len(content) - frame_size + 1, frame_size):
        head = content[start : start + FRAME_HEADER_SIZE_BYTES]
        _, size_after_commit, frame_salt_1, frame_salt_2, sum_1, sum_2 = struct.unpack(">6I", head)
        is_ours = (frame_salt_1, frame_salt_2) == (salt_1, salt_2)
        if good:
            page = content[start + FRAME_HEADER_SIZE_BYTES : start + frame_size]
            state = _summed(page, _summed(head[:8], state, order), order)
            good = is_ours and state == (sum_1, sum_2)
        if not good and is_ours and size_after_commit:
            lost += 1
    return lost


def _summed(content: bytes, state: tuple[int, int], order: str) -> tuple[int, int]:
    """The log's running checksum after `content`, whose length is a multiple of 8."""
    first, second = state
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for even in words:
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + next(words) + first) & 0xFFFFFFFF
    return first, second
