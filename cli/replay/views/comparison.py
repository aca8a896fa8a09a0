"""Two versions of the stored views against each other.

They may have come to different offsets, and a projector may move one of them. So a job counts as different
only where both sides must have seen the same events: a view that has seen less than the other, although
its version's checkpoint is beyond what the other has seen, lacks events; otherwise it is only behind.
"""

import asyncio

from cli.replay.views.differences import differences, laid_out
from cli.replay.views.findings import Findings
from cli.replay.views.scan import Fingerprint, scan
from cli.replay.views.versions import Version


async def compare(left: Version, right: Version) -> Findings:
    """Compare every job. Memory: about 600 bytes a job."""
    # The checkpoints first: what is before them is in the views when those are read.
    left_upto, right_upto = await _upto(left), await _upto(right)
    lefts, rights = await asyncio.gather(scan(left.name), scan(right.name))
    findings = Findings(left.name, right.name)
    for job_id, a in lefts.items():
        b = rights.get(job_id)
        if b is None:
            _lacking(findings.missing, job_id, a, right_upto, findings)
        elif a.digest == b.digest:
            findings.equal += 1
        elif a.seen != b.seen and not _lacks(a, b, left_upto, right_upto):
            findings.moving += 1
        else:
            await _name(findings, job_id, left, right)
    for job_id in rights.keys() - lefts.keys():
        _lacking(findings.extra, job_id, rights[job_id], left_upto, findings)
    return findings


def _lacks(a: Fingerprint, b: Fingerprint, left_upto: int, right_upto: int) -> bool:
    return b.seen <= left_upto if a.seen < b.seen else a.seen <= right_upto


def _lacking(found: list[str], job_id: str, there: Fingerprint, other_upto: int, findings: Findings) -> None:
    if there.begins <= other_upto:
        found.append(job_id)
    else:
        findings.moving += 1


async def _name(findings: Findings, job_id: str, left: Version, right: Version) -> None:
    a, b = await left.document(job_id), await right.document(job_id)
    if found := list(differences(laid_out(a) if a else {}, laid_out(b) if b else {})):
        findings.different[job_id] = found
    else:
        findings.equal += 1


async def _upto(version: Version) -> int:
    checkpoint = await version.checkpoint()
    return checkpoint.offset if checkpoint else -1
