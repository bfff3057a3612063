"""Invented people. Their passwords are answered in plain text, as the real shop does."""

from __future__ import annotations

from typing import Any


def _user(
    number: int, first: str, last: str, city: str, street: str, house: int, lat: str, long: str
) -> dict[str, Any]:
    return {
        "address": {
            "geolocation": {"lat": lat, "long": long},
            "city": city,
            "street": street,
            "number": house,
            "zipcode": f"{69300 + number:05d}-{number:03d}",
        },
        "id": number,
        "email": f"{first}.{last}@example.org",
        "username": f"{first}{number}",
        "password": f"{last}-{number}-open",
        "name": {"firstname": first, "lastname": last},
        "phone": f"1-555-010-{1000 + number}",
        "__v": 0,
    }


USERS = (
    _user(1, "anahi", "barros", "boa vista", "rua das canoas", 118, "2.8197", "-60.6733"),
    _user(2, "tomas", "figueira", "mucajai", "travessa do porto", 7, "2.4383", "-60.9056"),
    _user(3, "ingrid", "sousa", "bonfim", "avenida da ponte", 2040, "3.3614", "-59.8331"),
    _user(4, "raoni", "peixoto", "pacaraima", "rua do marco", 33, "4.4797", "-61.1477"),
    _user(5, "celia", "duarte", "caracarai", "rua do trapiche", 501, "1.8272", "-61.1304"),
    _user(6, "otto", "lemos", "alto alegre", "rua do cacau", 64, "2.9884", "-61.3074"),
    _user(7, "nair", "teles", "rorainopolis", "avenida do norte", 950, "0.9458", "-60.4389"),
    _user(8, "davi", "moura", "canta", "estrada da serra", 12, "2.6098", "-60.6042"),
    _user(9, "lena", "prado", "normandia", "rua do lago", 281, "3.8853", "-59.6204"),
    _user(10, "joel", "viana", "uiramuta", "rua da cachoeira", 19, "4.5981", "-60.1842"),
)
