"""The places Tonearm runs in: one machine (`local`), in containers, on a cluster."""
