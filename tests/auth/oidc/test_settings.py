"""Issuers as operators write them: in one variable, by preset, right and wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from esteio.auth.oidc.settings import ALGORITHMS, IssuerSettings, RejectRule
from esteio.base.errors import StartRefused
from esteio.settings import Settings, read_settings

NEEDED = {
    "ESTEIO_SECRET_KEY": "a master secret of at least thirty-two characters",
    "ESTEIO_DATABASE__URL": "postgresql://h/d",
    "ESTEIO_REDIS__URL": "redis://h/0",
}
ISSUER = "https://issuer.example.org"


def read(text: str) -> Settings:
    return read_settings({}, {**NEEDED, "ESTEIO_AUTH__ISSUERS": text}, Path("nowhere"))


def one(**members: Any) -> IssuerSettings:
    return read(json.dumps([{"issuer": ISSUER, **members}])).auth.issuers[0]


def refusal(text: str) -> str:
    with pytest.raises(StartRefused) as caught:
        read(text)
    return str(caught.value)


def test_no_issuer_is_believed_unless_one_is_named() -> None:
    """Without the setting, or with an empty one, there is none."""
    assert read("").auth.issuers == () and read("[]").auth.issuers == ()


def test_a_preset_gives_way_to_what_is_set() -> None:
    """Of a preset holds what was not set, and nothing else."""
    assert one(preset="clerk").role_map == {"admin": "admin", "member": "user"}
    assert one(preset="clerk", role_map={"admin": "user"}).role_map == {"admin": "user"}
    assert one(preset="clerk").required_claims == (("sid",),) and one().required_claims == ()


@pytest.mark.parametrize(
    ("preset", "issuer", "keys", "metadata"),
    [
        ("clerk", ISSUER, f"{ISSUER}/.well-known/jwks.json", None),
        ("auth0", f"{ISSUER}/", f"{ISSUER}/.well-known/jwks.json", None),
        ("keycloak", f"{ISSUER}/realms/a", None, f"{ISSUER}/realms/a/.well-known/openid-configuration"),
        ("generic", f"{ISSUER}/", None, f"{ISSUER}/.well-known/openid-configuration"),
    ],
)
def test_each_preset_knows_where_keys_are(preset: str, issuer: str, keys: str | None, metadata: str | None) -> None:
    """Clerk and Auth0 publish them at a place that is known; others are asked for their metadata."""
    terms = one(preset=preset, issuer=issuer, audience=["esteio"])
    assert terms.keys_address == keys
    assert metadata is None or terms.metadata_address == metadata


def test_claims_are_named_by_dots_or_by_lists() -> None:
    """A name that has dots itself is written in a list; several claims are a list of either."""
    assert one(roles_claim="a.b").roles_claim == (("a", "b"),)
    assert one(roles_claim=["a.b", "c"]).roles_claim == (("a", "b"), ("c",))
    assert one(roles_claim=[["https://example.org/roles"], "c"]).roles_claim == (("https://example.org/roles",), ("c",))
    assert one(preset="keycloak", client_id="my.api").roles_claim[1] == ("resource_access", "my.api", "roles")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "none", "None", "ES256K", "RSA-OAEP", ""])
def test_algorithms_of_secrets_are_refused_when_settings_are_read(algorithm: str) -> None:
    """Neither a shared secret nor no signature can be allowed, and the refusal says what can."""
    words = refusal(json.dumps([{"issuer": ISSUER, "algorithms": ["RS256", algorithm]}]))
    assert "ESTEIO_AUTH__ISSUERS" in words and ISSUER in words and "`algorithms`" in words
    assert all(name in words for name in ALGORITHMS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "write a JSON list"),
        ('{"issuer": "https://a.example"}', "write a JSON list"),
        ('["https://a.example"]', "write a JSON list"),
        ("[{}]", "`issuer` is not set"),
        ('[{"issuer": "https://a.example", "preset": "okta"}]', "'keycloak'"),
        ('[{"issuer": "https://a.example", "audiense": ["x"]}]', "did you mean `audience`"),
        ('[{"issuer": "https://a.example", "audience": "x"}]', "`audience`"),
        ('[{"issuer": "https://a.example", "leeway_seconds": 31}]', "`leeway_seconds`: Input should be less than"),
        ('[{"issuer": "https://a.example", "algorithms": []}]', "`algorithms`"),
        ('[{"issuer": "https://a.example", "jwks_url": "ftp://a.example"}]', "`jwks_url`: this cannot be called"),
        ('[{"issuer": "a.example"}]', "`issuer` cannot be called"),
        ('[{"issuer": "e-mail", "jwks_url": "https://a.example"}]', "must not be 'e-mail'"),
        (
            '[{"issuer": "https://a.example", "jwks_url": "https://b.example", "discovery_url": "https://b.example"}]',
            "both",
        ),
        ('[{"issuer": "https://a.example"}, {"issuer": "https://a.example"}]', "more than once"),
        ('[{"issuer": "https://a.example", "preset": "auth0", "audience": ["x"]}]', "ends with a slash"),
        ('[{"issuer": "https://a.example/", "preset": "auth0"}]', "`audience` must name"),
        ('[{"issuer": "https://a.example", "client_id": "x"}]', "`client_id` is for the preset keycloak"),
        ('[{"issuer": "https://a.example", "roles_claim": 7}]', "`roles_claim`"),
        ('[{"issuer": "https://a.example", "roles_claim": "a..b"}]', "`roles_claim`"),
        ('[{"issuer": "https://a.example", "role_map": {"x": "NO SUCH"}}]', "`role_map.x`"),
        ('[{"issuer": "https://a.example", "tenant": "Not A Slug"}]', "`tenant`"),
        ('[{"issuer": "https://a.example", "accepted_permissions": ["*"]}]', "no issuer may give every permission"),
        ('[{"issuer": "https://a.example", "reject": [{"equals": "x"}]}]', "`reject.0.claim` is not set"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    """The start is refused with the variable, the issuer's setting, and what it should be."""
    found = refusal(text)
    assert "ESTEIO_AUTH__ISSUERS" in found and words in found


def test_an_issuer_may_have_a_name_that_is_no_address() -> None:
    """Where its keys are said to be elsewhere, nobody calls it by its name."""
    assert one(issuer="accounts.example.org", jwks_url="https://keys.example.org/jwks").issuer == "accounts.example.org"


def test_every_setting_of_an_issuer_is_explained() -> None:
    """Each has words of its own."""

    def unexplained(model: type[BaseModel]) -> Iterator[str]:
        return (name for name, field in model.model_fields.items() if not (field.description or "").strip())

    assert [*unexplained(IssuerSettings), *unexplained(RejectRule)] == []


def test_every_setting_of_an_issuer_is_in_the_manual() -> None:
    """The page for operators names each of them."""
    manual = (Path(__file__).parents[3] / "docs" / "oidc.md").read_text()
    assert [name for name in IssuerSettings.model_fields if f"`{name}`" not in manual] == []


def test_the_console_has_a_client_only_where_its_token_is_one_for_an_api() -> None:
    """Clerk's session tokens come from its own components: a client for the console there stops the start."""
    assert "Clerk" in refusal(json.dumps([{"issuer": ISSUER, "preset": "clerk", "console_client_id": "c1"}]))
    assert "`openid`" in refusal(json.dumps([{"issuer": ISSUER, "console_client_id": "c1", "scopes": ["email"]}]))
    assert "scopes" in refusal(json.dumps([{"issuer": ISSUER, "scopes": ["openid", "two words"]}]))
