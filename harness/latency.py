"""Which messages are late, and by how much: a pure function of (salt, the message's name, its number).

Salt 0 is calm: nothing is late. Every other salt is one particular weather of delays: an eighth to a third of all
messages (the share is drawn from the salt) take 4 ms to 8 s, log-uniformly; the others take no time. A message is named
as schedules name it ("the 1st ADDED event of Pod child 0 of Website front at website"), and it is delayed where an
explicit `latency` action would delay it. So a salt is nothing but a list of `latency` actions: the schedule that writes
them out under salt 0 is the same run, byte for byte, and can be shrunk.
"""

import zlib

LATE_LOW_S = 0.004
LATE_HIGH_S = 8.0

_MASK = (1 << 64) - 1
_BEGINNING = 0x9E3779B97F4A7C15


def mix(*parts: int) -> int:
    """64 well-mixed bits from integers (splitmix64): the same on every machine and under any hash seed."""
    state = _BEGINNING
    for part in parts:
        state = _mixed_in(state, part)
    return state


def _mixed_in(state: int, part: int) -> int:
    state = (state + part * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


class Latency:
    """The delays of one salt."""

    def __init__(self, salt: int) -> None:
        self.salt = salt
        # `mix` takes its parts one after the other: what comes first is the same for all messages.
        self._salted = mix(salt)
        self._names: dict[tuple[str, ...], int] = {}
        self.late_share = 1 / 8 + (mix(salt, 1) % 1000) / 1000 * (1 / 3 - 1 / 8)

    def delay_s(self, name: tuple[str, ...], nth: int) -> float:
        """Virtual seconds that the `nth` message of this name takes: 0, or 0.004 to 8."""
        if self.salt == 0:
            return 0.0
        state = self._names.get(name)
        if state is None:
            state = self._names[name] = _mixed_in(self._salted, zlib.crc32("/".join(name).encode()))
        bits = _mixed_in(state, nth)
        if (bits & 0xFFFFF) / 0x100000 >= self.late_share:
            return 0.0
        within = ((bits >> 20) & 0xFFFFF) / 0x100000
        return round(float(LATE_LOW_S * (LATE_HIGH_S / LATE_LOW_S) ** within), 6)
