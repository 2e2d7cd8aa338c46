"""The weather and the judge: drives a control plane through bad weather, in virtual time, and says what broke."""

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""
