"""`tonearm watch DIR`: convert what appears in a folder, once it is complete."""
