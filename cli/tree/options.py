"""Options of a conversion as people type them: `-O NAME=VALUE`. The gateway judges them."""


def pair(text: str) -> tuple[str, str]:
    """Return name and value. Raises ValueError when there is no equals sign."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value
