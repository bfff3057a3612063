"""What the doctor says of a failure shows no secret, wherever the words came from."""

import pytest

from esteio.base.errors import StartRefused
from esteio.doctor.patience import words_of


@pytest.mark.parametrize(
    "failure",
    [
        ValueError("Port could not be cast to integer value in redis://user:hunter/2@broker:6379/0"),
        StartRefused("amqp://user:hunter/2@broker cannot be used."),
        OSError("x" * 150 + " redis://user:" + "hunter" * 40 + "@broker"),
    ],
)
def test_a_password_in_an_error_is_masked(failure: Exception) -> None:
    """A driver that quotes its address, with a password that is not escaped, gives nothing of it away."""
    words = words_of(failure)
    assert "hunter" not in words
    assert words
