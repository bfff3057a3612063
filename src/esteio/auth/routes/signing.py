"""The keys that sign access tokens: published for everybody, rotated by administrators of the deployment."""

from fastapi import APIRouter

from esteio.auth.caller import AuthParts, Caller
from esteio.auth.schemas import SigningKeyView, SigningRotation
from esteio.base.errors import Unavailable
from esteio.http.answers import Answer
from esteio.http.envelope import Envelope
from esteio.http.rules import rules
from esteio.http.sessions import Session

router = APIRouter(prefix="/signing-keys", tags=["signing keys"])
root = APIRouter(tags=["signing keys"])
_PUBLISHED = "public, max-age=300"


@root.get(
    "/.well-known/jwks.json", summary="Keys that verify access tokens", response_model=dict[str, list[dict[str, str]]]
)
@rules()
async def jwks(auth: AuthParts) -> Answer:
    """RFC 7517. A key is here before it signs and until its last token has expired."""
    pairs = await auth.signing.published()
    if not pairs:
        raise Unavailable("There is no signing key yet.")
    return Answer({"keys": [pair.as_jwk() for pair in pairs]}, cache_control=_PUBLISHED)


@router.get("", summary="List signing keys", response_model=Envelope[list[SigningKeyView]])
@rules("signing:read")
async def list_signing_keys(auth: AuthParts) -> Answer:
    """The oldest first; the last whose time has come signs."""
    pairs = await auth.signing.published()
    views = [SigningKeyView(kid=pair.kid, active_from=pair.active_from) for pair in pairs]
    return Answer(views, cache_control="no-store")


@router.post("/rotate", status_code=201, summary="Make a new signing key", response_model=Envelope[SigningKeyView])
@rules("signing:write")
async def rotate_signing_key(data: SigningRotation, auth: AuthParts, caller: Caller, session: Session) -> Answer:
    """It is published at once and signs after the lead time, so that no verifier meets a key it does not know."""
    made = await auth.signing.rotate(session, at_once=data.at_once)
    auth.audit.write(
        session,
        "signing_key.rotated",
        f"signing_key:{made.kid}",
        tenant=caller.tenant,
        actor=caller.id,
        details={"at_once": data.at_once},
    )
    view = SigningKeyView(kid=made.kid, active_from=made.active_from)
    return Answer(view, status=201, cache_control="no-store")
