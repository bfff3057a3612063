"""PostgreSQL and Valkey as child processes, and the house that `esteio up` runs on them: API, worker, scheduler.

Read `house` first: it says what happens in order. Then `refusals` (exit codes) and `directory` (what lies on disk);
`binaries` and `account` (what is run, as whom); `child`, `leash`, `children` (how a process is started, ended, put on
record); `postgres`, `cluster`, `valkey`, `engines`; `stand_ins`, `commands`;
`supervision` and `watch` (what comes after the start).

Imports nothing of esteio: whoever needs two engines, such as a test suite, takes `engines.running_engines`.
"""
