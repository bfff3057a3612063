"""Who is calling and what they may do.

Read in this order: `keys` (what an API key looks like), `permissions`, `proof` and `credentials` (from a header to a
`Principal`, cached), `gate` (the step that asks), then `passwords`, `signing`, `tokens`, `sessions` (logging in and
staying so), `audit`, and the routes with what they do in `use_cases`. `parts.Auth` holds all of it, opened once.
"""
