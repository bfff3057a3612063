"""Parties outside, played on this machine: real HTTP servers with own data, whose faults are switched while they run.

`stand_in` is the server, `door` its port (which can really refuse), `wire` its HTTP, `faults` what can go wrong,
`control` how that is chosen from outside, `running` the same for a test. One package for each party says what is
answered. Imports nothing of esteio.
"""
