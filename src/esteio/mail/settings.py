"""Through which server mail goes, under `ESTEIO_MAIL__…`."""

import re
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from esteio.mail.addresses import Mailbox

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?\.?")
TLS_AT_ONCE = 465


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("it has a line break or another control character")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


def _host(text: str) -> str:
    if text and not _HOST.fullmatch(text) and not _is_address(text):
        raise ValueError("it is the name or address of a server, without smtp:// and without a port")
    return text


def _sender(text: str) -> str:
    if text and Mailbox.read(text).international:
        raise ValueError("the part before the @ is plain ASCII, so that every server takes it")
    return text


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


Line = Annotated[str, AfterValidator(_one_line)]


class MailSettings(BaseModel):
    """Without `server` no mail is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Annotated[Line, AfterValidator(_host)] = Field(
        default="", description="name or address of the SMTP server; empty: no mail is sent"
    )
    port: int = Field(default=587, ge=1, le=65_535, description="587 with STARTTLS, 465 with TLS from the start")
    user: Line = Field(default="", description="who logs in there, with the password; empty: nobody does")
    password: Annotated[SecretStr, AfterValidator(_secret)] = Field(default=SecretStr(""), description="of that user")
    from_address: Annotated[Line, AfterValidator(_sender)] = Field(
        default="", description="whose mail it is, such as books@example.org; needed with a server"
    )
    from_name: Line = Field(default="", description="the name shown with it")
    tls: Literal["auto", "starttls", "tls", "none"] = Field(
        default="auto",
        description="auto: at once on port 465, else STARTTLS, never without; none is for a server on this machine",
    )
    ca_file: Line = Field(default="", description="PEM file of authorities that are trusted beside the system's")
    timeout: float = Field(default=60.0, gt=0, le=600, description="seconds to connect, log in and send a whole mail")
    answer_timeout: float = Field(
        default=120.0,
        gt=0,
        le=900,
        description="seconds to wait for the server to say that it took the mail; then it is unknown whether it did",
    )
    largest_attachments: int = Field(
        default=10_485_760, ge=0, le=52_428_800, description="bytes of all files of one mail"
    )
    hello: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:\[\]-]{0,255}$",
        description="the name this side gives in EHLO; empty: the domain of the address",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.user) != bool(self.password.get_secret_value()):
            missing = "PASSWORD" if self.user else "USER"
            raise ValueError(f"user and password come together, and ESTEIO_MAIL__{missing} is not set")
        if self.server and not self.from_address:
            raise ValueError("with a server the mail needs an address to come from: set ESTEIO_MAIL__FROM_ADDRESS")
        if self.tls == "none" and self.server and not is_loopback(self.server):
            raise ValueError(
                "ESTEIO_MAIL__TLS=none would show mail and password to the network: it is for a server on localhost"
            )
        return self

    @property
    def wrapping(self) -> Literal["starttls", "tls", "none"]:
        """What `tls` comes to for the port."""
        if self.tls != "auto":
            return self.tls
        return "tls" if self.port == TLS_AT_ONCE else "starttls"


def is_loopback(server: str) -> bool:
    """Whether what is said to a server never leaves this machine."""
    if server.lower().rstrip(".") == "localhost":
        return True
    return _is_address(server) and ip_address(server).is_loopback
