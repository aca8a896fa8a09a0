"""`tonearm convert`: videos go up, their audio comes down and lies beside them."""
