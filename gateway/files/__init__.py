"""Uploads that survive: tus 1.0 at `/files` (https://tus.io/protocols/resumable-upload).

A file comes in as many requests as the client's line needs, to whichever replica. What is stored is known by
the upload's record; when the last byte is there, the upload becomes the job of the same id.
"""
