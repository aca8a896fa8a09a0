"""`tonearm hooks`: the table of what can be done with your webhooks. Without a name it lists them."""

from cli.tree.group import Entry, Group

hooks = Group(
    "hooks",
    {
        "list": Entry("cli.hooks.hooks:listing", "print your webhooks"),
        "create": Entry("cli.hooks.hooks:create", "make a webhook, and print its secret this once"),
        "test": Entry(
            "cli.hooks.deliveries:test", "send a message of the type hook.test, and say what became of it"
        ),
        "deliveries": Entry(
            "cli.hooks.deliveries:deliveries", "print the latest deliveries with their attempts"
        ),
        "resend": Entry("cli.hooks.deliveries:resend", "deliver once more, as a new delivery"),
        "secret": Entry(
            "cli.hooks.hooks:secret", "exchange the secret; the old one signs for a day beside it"
        ),
        "delete": Entry("cli.hooks.hooks:delete", "delete a webhook"),
    },
    usual="list",
    examples=[
        "tonearm hooks create https://example.org/told --event job.converted",
        "tonearm hooks test 0199",
    ],
    help="Have addresses of yours told of what happens to your jobs (Standard Webhooks).",
)
