"""How the house speaks to other servers, under `ESTEIO_UPSTREAM__…`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from esteio.base.schema import CommaList
from esteio.upstream.addresses import network


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(network(text)) for text in texts)
    except ValueError as error:
        raise ValueError("write networks as 10.1.0.0/16 or fd12::/48, separated by commas") from error


def _hosts(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.lower().rstrip(".") for text in texts)


Networks = Annotated[CommaList, AfterValidator(_networks)]


class UpstreamSettings(BaseModel):
    """Where webhooks and other calls to addresses that callers name may go. Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_networks: Networks = Field(default=(), description="networks that may be called although they are private")
    allowed_hosts: Annotated[CommaList, AfterValidator(_hosts)] = Field(
        default=(), description="hosts that may be called wherever their names lead"
    )
    refused_networks: Networks = Field(default=(), description="public networks that must not be called")
    connect_timeout: float = Field(default=5.0, gt=0, le=60, description="to find the address and connect")
    total_timeout: float = Field(default=15.0, gt=0, le=60, description="for a whole call with its answer")
    ca_file: str = Field(default="", description="PEM file of authorities that are trusted beside the public ones")
