"""Child processes that are fed by strangers: what they may use is bounded, and they know none of the house's secrets.

`children` starts and ends one, `bounds` is how it binds itself before it loads what it works with. This is no wall: who
runs a stranger's code needs one beside it.
"""
