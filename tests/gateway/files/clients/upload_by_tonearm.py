"""Upload a file by the command line's own client: VIDEO URL TOKEN. Prints the upload's URL."""

import sys
from pathlib import Path

from cli.client.gateway import Gateway
from cli.client.sessions import Kept
from cli.client.unfinished import Unfinished

video, url, token = sys.argv[1:]
kept = Kept()
with kept.held() as session:
    session.become(token, "", 600)
folder = Path(video).parent / "uploads"
with Gateway(url.removesuffix("/files"), kept, Unfinished(folder)) as gateway:
    gateway.sign_in("", str)
    print(f"{url}/{gateway.upload(Path(video), lambda _: None, {'format': 'opus'})}")
