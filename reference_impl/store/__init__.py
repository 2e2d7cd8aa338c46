"""The consistent core: versioned values in one revision order, compare-and-swap, watch from a revision, compaction."""
