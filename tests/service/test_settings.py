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


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "smtp://mail:25", "mongodb://db:27017/tonearm"])
def test_an_address_without_a_password_is_shown_whole(url: str):
    assert f"'{url}'" in repr(Example(rabbitmq_url=url))
