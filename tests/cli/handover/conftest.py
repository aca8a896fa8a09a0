from tests.cli.jobs.conftest import person, site

__all__ = ["person", "site"]
