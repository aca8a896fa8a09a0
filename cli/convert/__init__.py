"""`tonearm convert`: upload videos, and download their audio beside them."""
