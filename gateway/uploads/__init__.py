"""Uploads: a video and its options come in and become a job."""
