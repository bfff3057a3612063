"""Which of the keys in a JWK set are used, and for what."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from esteio.auth.oidc.keys import read_keys

RSA = rsa.generate_private_key(65_537, 2048)
BY_CURVE = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


def rsa_jwk(key: rsa.RSAPrivateKey = RSA, **members: Any) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "key_ops": ["verify"], "kid": "a", **members}


def algorithms(*items: Any) -> frozenset[str]:
    """What the key `a` of a set is used for; with a sound key beside it, so that the set itself is good."""
    sound = rsa_jwk(kid="sound")
    found = read_keys({"keys": [*items, sound]})
    names = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "none")
    return frozenset(name for name in names if found.find("a", name) is not None)


def test_an_rsa_key_verifies_what_it_is_declared_for() -> None:
    """Without `alg` all of RSA, with one that alone, and never a secret's algorithm."""
    assert algorithms(rsa_jwk()) == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert algorithms(rsa_jwk(alg="RS256")) == {"RS256"}
    assert algorithms(rsa_jwk(alg="HS256")) == frozenset()


@pytest.mark.parametrize("algorithm", BY_CURVE)
def test_a_curve_has_one_algorithm(algorithm: str) -> None:
    """A key on a curve verifies the algorithm of that curve only."""
    public = ec.generate_private_key(BY_CURVE[algorithm]).public_key()
    assert algorithms({**ECAlgorithm(ECAlgorithm.SHA256).to_jwk(public, as_dict=True), "kid": "a"}) == {algorithm}


@pytest.mark.parametrize("kind", [ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey])
def test_edwards_curves_are_known(kind: Any) -> None:
    """Both are EdDSA."""
    assert algorithms({**OKPAlgorithm.to_jwk(kind.generate().public_key(), as_dict=True), "kid": "a"}) == {"EdDSA"}


def test_of_a_published_private_key_the_public_half_is_used() -> None:
    """An issuer's mistake is not made worse: its own tokens are verified, nothing is signed."""
    whole = {**RSAAlgorithm.to_jwk(RSA, as_dict=True), "kid": "a"}
    assert "d" in whole
    whole.pop("key_ops", None)
    found = read_keys({"keys": [whole]}).find("a", "RS256")
    assert found is not None and isinstance(found.public, rsa.RSAPublicKey)


@pytest.mark.parametrize(
    "item",
    [
        rsa_jwk(use="enc"),
        rsa_jwk(key_ops=["encrypt"]),
        rsa_jwk(key_ops="verify"),
        rsa_jwk(alg="RSA-OAEP"),
        rsa_jwk(alg=7),
        rsa_jwk(kty="EC"),
        rsa_jwk(kty=["RSA"]),
        rsa_jwk(n="!"),
        rsa_jwk(n=7),
        rsa_jwk(n="AQAB"),
        rsa_jwk(kid=7),
        rsa_jwk(rsa.generate_private_key(65_537, 1024)),
        {"kty": "oct", "kid": "a", "k": base64.urlsafe_b64encode(b"s" * 32).decode()},
        {"kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "RS256"},
        {"kty": "EC", "kid": "a", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "kid": "a", "crv": ["P-256"]},
        {"kty": "EC", "kid": "a", "crv": "secp256k1"},
        {"kty": "OKP", "kid": "a", "crv": "X25519", "x": "AAAA"},
        {"kid": "a"},
        {},
        "a",
        None,
    ],
)
def test_keys_of_other_kinds_are_left_out(item: Any) -> None:
    """What cannot be read, is for another use, is too weak or is a secret is not used; the others are."""
    assert algorithms(item) == frozenset()
    assert len(read_keys({"keys": [item, rsa_jwk(kid="sound")]})) == 1


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [7]}])
def test_what_has_no_usable_key_is_refused(document: Any) -> None:
    """No set is made of garbage, so that the former one stays."""
    with pytest.raises(ValueError, match="JWK set"):
        read_keys(document)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
JWK = st.dictionaries(
    st.sampled_from(["kty", "crv", "n", "e", "x", "y", "kid", "alg", "use", "key_ops"]),
    ANYTHING | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig", "RS256"]),
)


@given(st.lists(JWK | ANYTHING, max_size=5))
def test_no_document_breaks_the_reading(items: list[Any]) -> None:
    """Whatever a set holds, it is read or refused."""
    assert len(read_keys({"keys": [*items, rsa_jwk(kid="sound")]})) >= 1


def test_a_name_is_needed_unless_there_is_one_key_only() -> None:
    """A token without `kid` means the only key; among several it means none."""
    alone = read_keys({"keys": [rsa_jwk()]})
    assert alone.find(None, "RS256") is not None and alone.find("b", "RS256") is None
    assert alone.find(None, "ES256") is None
    assert read_keys({"keys": [rsa_jwk(alg="RS256")]}).find(None, "PS256") is None
    two = read_keys({"keys": [rsa_jwk(), rsa_jwk(kid="b")]})
    assert two.find(None, "RS256") is None and two.find("b", "RS256") is not None
    unnamed = rsa_jwk()
    del unnamed["kid"]
    assert read_keys({"keys": [unnamed]}).find("whatever", "RS256") is not None
