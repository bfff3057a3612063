"""How webhooks are sent and kept, under `ESTEIO_WEBHOOKS__…`."""

from pydantic import BaseModel, ConfigDict, Field


class WebhookSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoints: int = Field(default=50, ge=1, le=1000, description="endpoints that a tenant may have")
    disable_after_days: float = Field(
        default=5.0, gt=0, le=365, description="an endpoint that failed for so long is disabled"
    )
    delivery_days: int = Field(default=30, ge=1, le=3650, description="how long ended deliveries are kept")
    receipt_days: int = Field(
        default=60, ge=1, le=3650, description="how long received webhooks are kept; in that time none counts twice"
    )
    incoming_limit: str = Field(default="3000/minute", description="webhooks that one address may send here")
