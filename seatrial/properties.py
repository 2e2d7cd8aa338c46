"""The claims that are judged, under the public import path: everything that the top-level `properties` exports."""

from properties import *  # noqa: F403
