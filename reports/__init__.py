"""From a trace to something that a person reads: one format a file.

A format is a frozen object with `name`, `suffix` and `render(trace) -> bytes`; it needs nothing but the trace, so that
`trace.jsonl` can be rendered again on another machine. `FORMATS` is the registry: the harness finds it through the
entry-point group `seatrial.reports`, as it finds a stranger's.
"""

from reports.graphml import GraphMl
from reports.html import Html
from reports.index import Index
from reports.markdown import Markdown
from reports.perfetto import Perfetto
from reports.regression import Regression
from reports.sarif import Sarif, SarifOfAll
from reports.shiviz import ShiViz

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""

FORMATS = (Markdown(), Html(), Perfetto(), ShiViz(), GraphMl(), Sarif(), Regression())

INDEXES = (Index(), SarifOfAll())
"""Pages over a whole report folder, from the folders in it: frozen objects with `name`, `filename` and
`render(report_dir) -> bytes`."""
