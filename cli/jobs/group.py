"""`tonearm jobs`: the table of what can be done with your jobs. Without a name it lists them."""

from cli.tree.group import Entry, Group

jobs = Group(
    "jobs",
    {
        "list": Entry("cli.jobs.listing:jobs", "print your jobs, newest first"),
        "count": Entry("cli.jobs.listing:count", "print how many there are in each state"),
        "show": Entry("cli.jobs.show:show", "print a job, and what has happened to it"),
        "media": Entry("cli.jobs.media:media", "say what a job's video holds"),
        "pauses": Entry(
            "cli.jobs.pauses:pauses", "print where chapters may begin, as the option marks takes them"
        ),
        "download": Entry("cli.jobs.download:download", "download the audio of jobs: files, or one ZIP"),
        "zip": Entry("cli.jobs.archive:archive", "download the audio of several as one ZIP"),
        "cancel": Entry("cli.jobs.cancel:cancel", "stop jobs that wait or are under way"),
        "retry": Entry("cli.jobs.retry:retry", "convert jobs once more that failed or were cancelled"),
        "output": Entry("cli.jobs.output:output", "make another audio of a job's video"),
        "delete": Entry("cli.jobs.delete:delete", "delete jobs for good, with their videos and audio"),
    },
    usual="list",
    examples=["tonearm jobs", "tonearm jobs show @-1", "tonearm jobs delete --state failed --yes"],
    help="List your jobs at a gateway; look at one, download, cancel, repeat, delete them.",
)
