"""Mails about accounts: what each says, how it is asked for, and the job that sends it once.

Read in this order: `kinds`, `asking`, `about` (what a letter tells, when it is sent), `words` and `writing`, `course`
(what became of it), `sending` (the job).
"""
