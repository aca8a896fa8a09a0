"""`tonearm top`: the cockpit. What an administrator of a gateway sees of all its work, as it happens.

answers   of the gateway, as structs
news      what comes from the gateway and from the keyboard, each a message
watch     asks and listens, in threads of its own, and reports it as news
model     all that is known, as it becomes by news: pure
sight     what the person wants to see of it: pure
drawing/  both as lines of text, for a width and a height: pure
keys      the keyboard, on any system
painter   the terminal, of which only what differs is painted
screen    the loop: news in, pictures out
"""
