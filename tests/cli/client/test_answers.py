import httpx
import pytest

from cli.client.answers import refusal


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(409, json={"detail": "The job is over."}), "The job is over"),
        (httpx.Response(503, text="<html>"), "Service Unavailable"),
    ],
)
def test_a_refusal_is_a_sentence_for_people_and_keeps_its_number_for_programs(
    answer: httpx.Response, said: str
) -> None:
    error = refusal(answer)
    assert str(error) == said
    assert error.status == answer.status_code
