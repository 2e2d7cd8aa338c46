"""How fast trials are, and how fast that could be: figures, never assertions on time.

A plain `pytest` runs each once, small, so that they cannot rot. For figures worth reading (docs/performance.md):

    pytest tests/benchmarks --benchmark-enable --benchmark-disable-gc -s -m benchmark_full

Ratios are to references that are measured in the same run on the same machine.
"""
