"""Names, uids and timestamps that the server makes up, from the randomness and the clock it is given.

Sources: apiserver `pkg/storage/names/generate.go`, apimachinery `util/rand` (an alphabet without vowels, so that no
generated name spells a word), KEP-4420 (a clash is tried again, eight times in all).
"""

import random
from datetime import datetime
from typing import Final

ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH: Final = 5
MAX_BASE_LENGTH: Final = 63 - SUFFIX_LENGTH
"""A longer generateName is cut, so that the name stays a DNS label."""
ATTEMPTS: Final = 8
"""`maxNameGenerationCreateAttempts`."""


def generate_name(base: str, rng: random.Random) -> str:
    """`base` and five random characters."""
    return base[:MAX_BASE_LENGTH] + "".join(rng.choices(ALPHABET, k=SUFFIX_LENGTH))


def generate_uid(rng: random.Random) -> str:
    """Shaped like a version 4 UUID."""
    bits = rng.getrandbits(128) & ~(0xF000 << 64 | 0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def timestamp(now: datetime) -> str:
    """RFC 3339 in whole seconds, as `metav1.Time` marshals."""
    return now.isoformat()[:19] + "Z"
