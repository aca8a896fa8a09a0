"""Standard streams and signals: readers that go away, remarks beside results, ends that are asked for."""
