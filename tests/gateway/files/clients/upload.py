"""Uploads a file by tuspy: upload.py FILE URL TOKEN. Prints the upload's address."""

import sys

from tusclient.client import TusClient

path, endpoint, token = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(
    path,
    chunk_size=3_000_000,
    retries=120,
    retry_delay=0.5,
    metadata={"filename": "video.mp4", "filetype": "video/mp4", "format": "opus"},
    upload_checksum=False,
)
uploader.upload()
print(uploader.url)
