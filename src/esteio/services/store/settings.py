"""What operators may set, under `ESTEIO_STORE__…`."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from esteio.upstream.party import PartyUrl


class StoreSettings(BaseModel):
    """Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    upstream_url: PartyUrl = Field(
        default="https://fakestoreapi.com", description="where FakeStoreAPI is; `esteio up` has a stand-in of its own"
    )
    connect_timeout: float = Field(default=0.5, gt=0, le=10, description="to connect to it")
    read_timeout: float = Field(default=1.0, gt=0, le=30, description="for each wait for a part of its answer")
    total_timeout: float = Field(default=1.3, gt=0, le=30, description="for all tries of a call together")
    copy_timeout: float = Field(
        default=0.4, gt=0, le=10, description="for the database's copy of products, after the total time in vain"
    )
    tries: int = Field(default=2, ge=1, le=5, description="of a call that failed, within the total time")
    largest_answer: int = Field(default=2_097_152, ge=1024, le=33_554_432, description="bytes of an answer")
    breaker_failures: int = Field(default=5, ge=1, le=1000, description="failures in a row that open the breaker")
    breaker_rest: float = Field(default=5.0, gt=0, le=600, description="until a probe is let through an open breaker")
    fresh: float = Field(default=300.0, ge=1, le=86_400, description="how long a product is answered without a look")
    stale: float = Field(
        default=3600.0, ge=0, le=604_800, description="how long after that it is answered while it is fetched anew"
    )
    missing: float = Field(default=30.0, ge=1, le=3600, description="how long it is known that there is no product")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.total_timeout < self.connect_timeout:
            raise ValueError("total_timeout must not be shorter than connect_timeout")
        return self
