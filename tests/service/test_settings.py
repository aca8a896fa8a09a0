import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.settings import InvalidSetting, Settings, load


class Example(Settings, frozen=True, kw_only=True):
    rabbitmq_url: str
    port: int = 8080
    admin_only: bool = False
    ratio: float = 0.5
    service_token: str = ""
    admin_password: str | None = None


RABBITMQ = {"RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:5672/"}


def test_a_field_is_the_variable_in_capitals_and_others_are_ignored():
    example = load(
        Example, RABBITMQ | {"PORT": "9090", "ADMIN_ONLY": "true", "RATIO": "0.25", "HOME": "/root"}
    )
    assert example == Example(rabbitmq_url=RABBITMQ["RABBITMQ_URL"], port=9090, admin_only=True, ratio=0.25)


def test_an_empty_variable_counts_as_not_set():
    assert load(Example, RABBITMQ | {"PORT": ""}).port == 8080


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, "RABBITMQ_URL"),
        ({"RABBITMQ_URL": ""}, "RABBITMQ_URL"),
        (RABBITMQ | {"PORT": "http"}, "PORT"),
        (RABBITMQ | {"ADMIN_ONLY": "perhaps"}, "ADMIN_ONLY"),
        (RABBITMQ | {"RATIO": "half"}, "RATIO"),
    ],
)
def test_an_error_names_the_variable_and_not_its_value(environ: dict[str, str], variable: str):
    with pytest.raises(InvalidSetting, match=rf"\b{variable}\b") as error:
        load(Example, environ)
    assert not any(value and value in str(error.value) for value in environ.values())


@pytest.mark.parametrize(
    "url",
    [
        *(f"amqp://tonearm:123{mark}hush@broker:5672/" for mark in "?/#@"),
        "smtp://user:123?hush@host",
        "mongodb://tonearm:hush@a:1,tonearm:hush@b:2/x",
        "amqp://broker:hush",
        "amqp://tonearm:hush@[::1",
        "amqp://tonearm:hush@ho\u2100st",
        "hush",
    ],
)
def test_a_url_that_cannot_be_taken_apart_is_named_and_no_part_of_it_repeated(url: str):
    with pytest.raises(InvalidSetting, match="RABBITMQ_URL is no URL such as") as error:
        load(Example, {"RABBITMQ_URL": url})
    assert "hush" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "amqp://tonearm:a%3Fb%40c@broker:5672/%2F",
        "mongodb://tonearm:x@a:1,b,[::1]:3/tonearm?replicaSet=r",
        "mongodb+srv://tonearm:x@cluster.example.org/?retryWrites=true",
        "https://[2001:db8::1]/base",
    ],
)
def test_a_url_that_all_read_alike_is_taken(url: str):
    assert load(Example, {"RABBITMQ_URL": url}).rabbitmq_url == url


SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=8, max_size=30)


@given(SECRETS, SECRETS)
@settings(deadline=None)
def test_no_secret_is_in_the_repr(secret: str, password: str):
    example = Example(
        rabbitmq_url=f"amqp://tonearm:{password}@broker:5672/vhost",
        service_token=secret,
        admin_password=secret,
    )
    assert repr(example) == (
        "Example(rabbitmq_url='amqp://tonearm:***@broker:5672/vhost', port=8080, admin_only=False, "
        "ratio=0.5, service_token='***', admin_password='***')"
    )


@given(SECRETS)
@settings(deadline=None)
def test_what_differs_from_the_defaults_is_told_and_no_secret(secret: str):
    example = Example(rabbitmq_url=f"amqp://tonearm:{secret}@broker:5672/", service_token=secret, ratio=0.25)
    assert example.chosen() == {
        "rabbitmq_url": "amqp://tonearm:***@broker:5672/",
        "ratio": 0.25,
        "service_token": "***",
    }


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "smtp://mail:25", "mongodb://db:27017/tonearm"])
def test_an_address_without_a_password_is_shown_whole(url: str):
    assert f"'{url}'" in repr(Example(rabbitmq_url=url))
