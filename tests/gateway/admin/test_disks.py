"""What database and broker tell of their disks."""

from gateway.admin.disks import Disk, of_database, of_node


def test_a_database_that_tells_nothing_of_its_disk_has_none() -> None:
    assert list(of_database({"ok": 1.0})) == []
    told = {"fsTotalSize": 1000.0, "fsUsedSize": 400.0}
    assert list(of_database(told)) == [Disk(name="mongodb", free=600, total=1000)]


def test_a_brokers_node_tells_where_it_takes_no_more_and_its_alarms() -> None:
    told = {
        "name": "rabbit@a",
        "disk_free": 40,
        "disk_free_limit": 50,
        "disk_free_alarm": True,
        "mem_alarm": False,
    }
    assert of_node(told) == Disk(name="rabbit@a", free=40, low=50, alarms=["disk"])


def test_of_a_node_that_does_not_know_its_disk_only_the_alarm_is_told() -> None:
    """The broker says NaN then, and holds that for too little; of a node that is down it tells nothing."""
    unknown = {"name": "rabbit@a", "disk_free": "NaN", "disk_free_limit": 50, "disk_free_alarm": True}
    assert of_node(unknown) == Disk(name="rabbit@a", free=None, low=50, alarms=["disk"])
    assert of_node({"name": "rabbit@b", "running": False}) == Disk(name="rabbit@b", free=None)
