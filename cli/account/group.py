"""`tonearm account …`: what an operator does with accounts, by the servers. `keys` asks a gateway."""

from cli.tree.group import Entry, Group

_LOOK = "To look"
_NEW = "New accounts"
_CHANGE = "To change one"
_RARE = "Now and then"

account = Group(
    "account",
    {
        "list": Entry("cli.account.show:list_accounts", "print all accounts, oldest first", _LOOK),
        "show": Entry("cli.account.show:show", "print one account", _LOOK),
        "export": Entry("cli.account.export:export", "write what is known of one, with its events", _LOOK),
        "create": Entry("cli.account.create:create", "make one, such as the first admin's", _NEW),
        "invite": Entry("cli.account.invite:invite", "mail somebody the way to an account", _NEW),
        "import": Entry("cli.account.import_table:import_", "take over those of another table", _NEW),
        "role": Entry("cli.account.change:role", "give one exactly these roles", _CHANGE),
        "mails": Entry("cli.account.change:mails", "choose which mails about its jobs it gets", _CHANGE),
        "quota": Entry(
            "cli.account.quota:quota", "show what it uses, and give it limits of its own", _CHANGE
        ),
        "reset": Entry("cli.account.change:reset", "mail its holder the way to a new password", _CHANGE),
        "disable": Entry(
            "cli.account.change:disable",
            "let nobody sign in, end what is signed in, void its API keys",
            _CHANGE,
        ),
        "enable": Entry("cli.account.change:enable", "let people sign in again", _CHANGE),
        "revoke": Entry("cli.account.change:revoke", "end what is signed in, and void its API keys", _CHANGE),
        "erase": Entry("cli.account.change:erase", "forget the person, for good; the ids stay", _CHANGE),
        "rotate-key": Entry(
            "cli.account.rotate_key:rotate_key", "make the next key that signs tokens", _RARE
        ),
        "keys": Entry("cli.own.keys:keys", "make, list and revoke your own API keys", _RARE),
    },
    help="Look at accounts and change them. Each change is an event in the log.",
    examples=["tonearm account list --role admin", "tonearm account show ada@example.org"],
)
