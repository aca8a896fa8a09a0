"""Read models, one file each: its shape, its `evolve`, its collection."""
