"""The commands: `tonearm <command>`, each a module with `main(argv)`."""
