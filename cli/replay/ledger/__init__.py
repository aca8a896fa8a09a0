"""The effect ledger: what the log has asked for, held against what was really produced."""
