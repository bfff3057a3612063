"""A mail server that delivers nothing: it keeps every mail it takes, and fails in all the ways that servers do.

It is a real one, on aiosmtpd (extra `embedded`). `running_smtp` runs it in this process, `esteio standin smtp` as one
of its own.
"""

from esteio.standins.smtp.box import Box, Kept
from esteio.standins.smtp.running import Sink, running_smtp
from esteio.standins.smtp.server import MailServer
from esteio.standins.smtp.site import Smtp
from esteio.standins.smtp.terms import Terms

__all__ = ["Box", "Kept", "MailServer", "Sink", "Smtp", "Terms", "running_smtp"]
