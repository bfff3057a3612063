"""Who made a demand, sealed: at rest nobody can read it without the house's master secret."""

from uuid import UUID

import orjson

from esteio.base.crypto import Keyring
from esteio.services.outages.demands.bodies import Consumer

_PURPOSE = "outages.consumer"


def sealed(keyring: Keyring, tenant: UUID, protocol: str, consumer: Consumer) -> bytes:
    """The consumer, readable only as that of this demand of this tenant."""
    plain = orjson.dumps([consumer.uc, consumer.cpf_cnpj, consumer.name])
    return keyring.seal(_PURPOSE, plain, _bound(tenant, protocol))


def unsealed(keyring: Keyring, tenant: UUID, protocol: str, personal: bytes) -> Consumer:
    """The consumer of the demand. Raises `ValueError` for what was altered, moved, or sealed with another secret."""
    uc, cpf_cnpj, name = orjson.loads(keyring.open(_PURPOSE, personal, _bound(tenant, protocol)))
    return Consumer.model_construct(uc=uc, cpf_cnpj=cpf_cnpj, name=name)


def _bound(tenant: UUID, protocol: str) -> bytes:
    return tenant.bytes + protocol.encode()
