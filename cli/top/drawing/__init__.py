"""The cockpit as lines of text, each as wide as the terminal. Pure: what is known in, lines out."""
