"""The stored views in bulk: built anew from the log, compared with it, and their differences printed."""
