"""Fetch a job's audio by the generated client, and write it to standard output: URL TOKEN JOB_ID."""

import sys

from tonearm_client.api.audio import download_job_audio
from tonearm_client.client import AuthenticatedClient
from tonearm_client.types import File

url, token, job_id = sys.argv[1:]
sound = download_job_audio.sync(job_id, client=AuthenticatedClient(base_url=url, token=token))
assert isinstance(sound, File), sound
sys.stdout.buffer.write(sound.payload.read())
