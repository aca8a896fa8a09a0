"""A video that the gateway fetches: how it is asked for, and waited for."""

import time
from collections.abc import Mapping

from cli.client.errors import ImportEnded
from cli.client.gateway import Gateway
from cli.client.patience import patiently
from cli.convert.course import Course
from cli.pretty import size

PAUSE = 1.0
"""Seconds between two looks."""


def fetched(gateway: Gateway, course: Course, asked: Mapping[str, str]) -> str:
    """Have a video fetched; return its job's id when it is there. Raises ImportEnded, ClientError."""
    import_id = gateway.fetch(course.task.source.url, asked)
    course.job_id, course.is_import = import_id, True
    course.remark(f"{course.task.source.name}: import {import_id}")
    show = course.stage("fetching")
    while (now := patiently(lambda: gateway.imported(import_id))).state != "imported":
        if now.error is not None:
            raise ImportEnded(now.error.message)
        if now.state == "cancelled":
            raise ImportEnded("it was called off")
        percent = 100 * now.bytes_done / now.bytes_total if now.bytes_total else None
        show(percent, now.trouble or (size(now.bytes_done) if now.bytes_done else "waiting"))
        time.sleep(PAUSE)
    course.is_import = False
    return import_id
