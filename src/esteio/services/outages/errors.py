"""What only outages can refuse."""

from esteio.base.errors import Forbidden


class AddressNotAllowed(Forbidden):
    code = "ADDRESS_NOT_ALLOWED"
    title = "The address may not ask"
    words = "This operation answers only the addresses that the operator has listed."
