"""Transcripts: what a job's audio says, from the video's subtitles or given by its owner."""
