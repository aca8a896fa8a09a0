"""The cage: a process for hostile input, with no files, no network and limits on everything."""
