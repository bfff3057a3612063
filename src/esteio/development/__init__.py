"""What `esteio up` plays of the outside, shown and switched: the mails of its server, each stand-in's faults.

It is there only where a file says which stand-ins there are. They are asked over their control ports, which are on
the loopback address.
"""
