"""Saves all that a stack holds into a folder, and fills an empty stack from it.

The log goes first, then the database. A blob is stored before its event is published, so the database,
saved later, holds every blob that the saved log names. A blob without its event is an orphan, and swept. The
other way round the log would promise audio that nobody saved. Views are not saved: they are made of the log.

    DIR/log.jsonl.gz            as `replay export` writes it, with its manifest
    DIR/database/NAME.bson      one collection, as mongodump writes it; mongorestore reads it, too
    DIR/erasures.jsonl          events of what was deleted while the database was saved, or (`forget`) since
    DIR/keys/                   the signing keys, and the first admin's password of a local stack
    DIR/manifest.json           written last: how many documents, and the SHA-256, of each collection
"""
