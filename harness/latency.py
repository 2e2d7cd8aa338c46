"""How long each message takes: a pure function of (salt, channel, number in the step).

Salt 0 is calm: no latency, first in first out. Every other salt is one particular weather of delays: most messages take
0-3 ms, and an eighth to a third of them (the share is drawn from the salt) take 4 ms to 8 s, log-uniformly. So a late
message can be named ("the 1st event on website/Pod") and moved into a schedule of salt 0 as an explicit delay.
Figures: docs/design notes in docs/architecture.md; measured gain in shared design section 2.3.
"""

import zlib

LATE_LOW_S = 0.004
LATE_HIGH_S = 8.0
USUAL_HIGH_S = 0.003

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


def channel_number(name: str) -> int:
    """A stable number for a channel's name."""
    return zlib.crc32(name.encode())


class Latency:
    """The delays of one salt."""

    def __init__(self, salt: int) -> None:
        self.salt = salt
        # `mix` takes its parts one after the other: what comes first is the same for all messages.
        self._salted = mix(salt)
        self._ties = mix(salt, 2)
        self._channels: dict[int, int] = {}
        self.late_share = 1 / 8 + (mix(salt, 1) % 1000) / 1000 * (1 / 3 - 1 / 8)

    def delay_s(self, channel: int, number: int) -> float:
        """Virtual seconds that the `number`-th message of a step takes on this channel."""
        if self.salt == 0:
            return 0.0
        state = self._channels.get(channel)
        if state is None:
            state = self._channels[channel] = _mixed_in(self._salted, channel)
        bits = _mixed_in(state, number)
        share = (bits & 0xFFFFF) / 0x100000
        within = ((bits >> 20) & 0xFFFFF) / 0x100000
        if share >= self.late_share:
            return round(within * USUAL_HIGH_S, 6)
        return round(float(LATE_LOW_S * (LATE_HIGH_S / LATE_LOW_S) ** within), 6)

    def tie(self, sequence: int) -> int:
        """Breaks ties between messages due at the same instant."""
        return _mixed_in(self._ties, sequence) if self.salt else 0
