"""A service that is told things by others: each message once, counted in a table."""

from pydantic import BaseModel, SecretStr
from sqlalchemy import text

from esteio.db.transaction import transaction
from esteio.jobs.job import Job
from esteio.jobs.kinds import JobKind
from esteio.jobs.run import Run
from esteio.manifest import Manifest
from esteio.services.pets.manifest import MANIFEST as PETS
from esteio.webhooks.incoming import Incoming
from esteio.webhooks.kinds import Received
from esteio.webhooks.receipts import read_receipt
from esteio.webhooks.schemes import GenericHmac, StandardWebhooks

TABLE = """
CREATE TABLE heard (id bigserial PRIMARY KEY, receipt uuid NOT NULL, body bytea NOT NULL);
GRANT ALL ON heard TO PUBLIC; GRANT ALL ON heard_id_seq TO PUBLIC
"""
OLD, NEW = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
HMAC_SECRET = "a secret for the other sender"

_WRITE = text("INSERT INTO heard (receipt, body) VALUES (:receipt, :body)")


class SenderSettings(BaseModel):
    standard: SecretStr = SecretStr(f"{NEW},{OLD}")
    other: SecretStr = SecretStr(HMAC_SECRET)
    unset: SecretStr | None = None


HEAR = JobKind(name="senders.hear", payload=Received)


async def hear(run: Run, payload: Received) -> None:
    """Write down what came, together with the job's end."""
    async with transaction(run.database, run.tenant) as session:
        receipt, body = await read_receipt(session, payload.receipt)
    async with run.completion() as session:
        await session.execute(_WRITE, {"receipt": receipt.id, "body": body})


SENDERS = Manifest(
    name="senders",
    settings=SenderSettings,
    jobs=(Job(HEAR, hear),),
    incoming=(
        Incoming(source="standard", scheme=StandardWebhooks(), setting="standard", job=HEAR, keep=("x-kept",)),
        Incoming(source="other", scheme=GenericHmac(header="X-Signature"), setting="other", job=HEAR),
        Incoming(source="unset", scheme=StandardWebhooks(), setting="unset", job=HEAR),
    ),
)
SERVICES = (PETS, SENDERS)
