"""Delays are a pure function of salt, channel and number; salt 0 is calm."""

from harness.latency import LATE_HIGH_S, LATE_LOW_S, Latency, channel_number, mix

CHANNEL = channel_number("website>api")


def test_salt_0_delays_nothing() -> None:
    assert [Latency(0).delay_s(CHANNEL, number) for number in range(100)] == [0.0] * 100


def test_the_same_message_always_takes_the_same_time() -> None:
    assert Latency(7).delay_s(CHANNEL, 3) == Latency(7).delay_s(CHANNEL, 3)


def test_channels_and_salts_have_delays_of_their_own() -> None:
    other = channel_number("website/Pod")
    first = [Latency(7).delay_s(CHANNEL, n) for n in range(20)]
    assert first != [Latency(7).delay_s(other, n) for n in range(20)]
    assert first != [Latency(8).delay_s(CHANNEL, n) for n in range(20)]


def test_an_eighth_to_a_third_is_late_and_none_later_than_8_s() -> None:
    for salt in (1, 2, 3, 99):
        delays = [Latency(salt).delay_s(CHANNEL, number) for number in range(2000)]
        late = [delay for delay in delays if delay >= LATE_LOW_S]
        assert 0.1 < len(late) / len(delays) < 0.37
        assert max(delays) <= LATE_HIGH_S


def test_mix_does_not_depend_on_the_hash_seed() -> None:
    assert mix(1, 2, 3) == 17535407170941933615
    assert channel_number("a") == 3904355907


def test_what_is_kept_of_a_channel_changes_no_delay() -> None:
    latency = Latency(7)
    for channel, number in ((1, 0), (1, 5), (2, 0), (1, 6)):
        share = (mix(7, channel, number) & 0xFFFFF) / 0x100000
        assert (latency.delay_s(channel, number) >= LATE_LOW_S) == (share < latency.late_share)
    assert latency.tie(12) == mix(7, 2, 12)
