"""One conversion: from a source and its options to a file, or to a file for each chapter."""
