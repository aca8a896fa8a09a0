"""Where Tonearm runs: on one machine (`local`), in containers, on a cluster."""
