"""Who may do what, written down by judgement: every operation of the house with the callers that it is for.

Nothing here is taken from the code that it judges. An operation that is added has to be added here, by somebody who
asks for whom it is.
"""

ANONYMOUS = "anonymous"
KEY = "a key without scopes"
MACHINE = "a client with capsules:read"
POLLER = "a key with outages:poll"
VIEWER = "a viewer"
USER = "a user"
ADMIN = "an administrator"
ELSEWHERE = "the administrator of another tenant"
GUEST = "an administrator who is a viewer here"
OPERATOR = "an administrator of the default tenant"
CALLERS = (ANONYMOUS, KEY, MACHINE, POLLER, VIEWER, USER, ADMIN, ELSEWHERE, GUEST, OPERATOR)

EVERYBODY = frozenset(CALLERS)
PROVED = EVERYBODY - {ANONYMOUS}
"""Who says who they are, whatever they may do."""

PERSONS = PROVED - {KEY, MACHINE, POLLER}
ADMINS = frozenset({ADMIN, ELSEWHERE, OPERATOR})
"""Of the tenant that they act in."""

VIEWERS = ADMINS | {VIEWER, GUEST}
"""Who looks at what a tenant's products have, without changing any of it."""

USERS = ADMINS | {USER}
MEMBERS = USERS | VIEWERS
READERS = MEMBERS | {MACHINE}
POLLERS = ADMINS | {POLLER}
OPERATORS = frozenset({OPERATOR})

ITSELF = frozenset({"whoever has what it asks for"})
"""What proves its callers by what they send, so that who they are otherwise changes nothing."""

_TABLE = (
    (
        EVERYBODY,
        """
        GET /
        GET /console
        GET /console/
        GET /console/assets/{name}
        GET /console/{path}
        GET /docs
        GET /docs/assets/{name}
        GET /docs/deprecations
        GET /errors
        GET /errors/{slug}
        GET /redoc
        GET /api/v1/openapi.json
        GET /api/v2/openapi.json
        GET /radar/openapi.json
        GET /.well-known/jwks.json
        GET /.well-known/oauth-authorization-server
        GET /api/v2/auth/ways

        GET /health
        GET /livez
        GET /readyz
        GET /startupz
        GET /api/v2/health

        GET /ws
        GET /api/v2/stream
        GET /api/v2/files/{token}
        POST /api/v2/hooks/{source}

        POST /auth/register
        POST /auth/logout
        POST /auth/email/verify
        POST /auth/password/forgot
        POST /auth/password/reset
        POST /api/v2/auth/register
        POST /api/v2/auth/logout
        POST /api/v2/auth/email/verify
        POST /api/v2/auth/password/forgot
        POST /api/v2/auth/password/reset
        POST /api/v1/account/register
        POST /api/v1/account/logout
        POST /api/v2/invitations/look
        POST /api/v2/invitations/accept
        POST /api/v2/invitations/decline

        GET /api/v1/pets
        GET /api/v1/pets/search
        GET /api/v1/pets/{pet_id}
        GET /api/v2/pets
        GET /api/v2/pets/{pet_id}
        GET /api/v2/pets/{pet_id}/feedings

        GET /outages
        GET /outages/assets/{name}
        GET /api/v2/outages/summary

        GET /petstory/assets/{name}
        GET /petstory
        GET /petstory/orders/{link}
        GET /petstory/tributes/{link}
        GET /petstory/tributes/{link}/{art_id}
        GET /api/v2/petstory/offer
        POST /api/v2/petstory/orders
        GET /api/v2/petstory/orders/{link}
        GET /api/v2/petstory/orders/{link}/stream
        PATCH /api/v2/petstory/orders/{link}
        GET /api/v2/petstory/orders/{link}/arts/{art_id}
        GET /api/v2/petstory/orders/{link}/arts/{art_id}/preview
        GET /api/v2/petstory/orders/{link}/book
        POST /api/v2/petstory/orders/{link}/cancel
        POST /api/v2/petstory/orders/{link}/checkout
        POST /api/v2/petstory/orders/{link}/mail
        POST /api/v2/petstory/orders/{link}/photos
        DELETE /api/v2/petstory/orders/{link}/photos/{photo_id}
        GET /api/v2/petstory/orders/{link}/photos/{photo_id}
        GET /api/v2/petstory/orders/{link}/photos/{photo_id}/thumbnail
        POST /api/v2/petstory/orders/{link}/preview
        """,
    ),
    (
        ITSELF,
        """
        POST /auth/login
        POST /auth/refresh
        POST /api/v2/auth/login
        POST /api/v2/auth/refresh
        POST /api/v1/account/login
        POST /api/v1/account/refresh
        POST /oauth/token
        POST /oauth/revoke
        POST /oauth/introspect
        POST /api/v2/petstory/webhooks/mercadopago
        """,
    ),
    (
        PROVED,
        """
        GET /auth/me
        GET /api/v2/auth/me
        GET /api/v1/account/me
        GET /api/v2/organizations/current
        GET /api/v2/realtime/channels
        POST /api/v2/realtime/tickets
        GET /api/v2/permissions

        GET /tasks/{task_id}
        GET /api/v2/tasks
        GET /api/v2/tasks/types
        GET /api/v2/tasks/{task_id}
        POST /api/v2/tasks/{task_id}/cancel
        POST /api/v2/tasks/{task_id}/retry

        POST /api/v1/pets
        POST /api/v2/pets
        POST /api/v2/pets/export
        POST /api/v2/pets/import
        POST /api/v2/pets/{pet_id}/export
        POST /api/v2/pets/{pet_id}/feedings

        GET /api/v1/fakestoreapi
        GET /api/v1/fakestoreapi/{product_id}
        GET /api/v2/fakestoreapi
        GET /api/v2/fakestoreapi/{product_id}
        """,
    ),
    (
        PERSONS,
        """
        POST /auth/logout-all
        POST /auth/password
        POST /auth/email
        POST /auth/email/verification
        POST /api/v2/auth/logout-all
        POST /api/v2/auth/password
        POST /api/v2/auth/email
        POST /api/v2/auth/email/verification
        POST /api/v2/auth/switch
        GET /api/v2/organizations
        GET /api/v2/organizations/{slug}
        POST /api/v2/organizations
        POST /api/v2/organizations/{slug}/leave

        GET /api/v1/favorites
        POST /api/v1/favorites
        GET /api/v1/favorites/{favorite_id}
        PUT /api/v1/favorites/{favorite_id}
        DELETE /api/v1/favorites/{favorite_id}
        GET /api/v2/favorites
        POST /api/v2/favorites
        GET /api/v2/favorites/{favorite_id}
        PUT /api/v2/favorites/{favorite_id}
        DELETE /api/v2/favorites/{favorite_id}
        """,
    ),
    (
        READERS,
        """
        GET /api/v2/capsules
        GET /api/v2/capsules/{capsule_id}
        GET /api/v2/capsules/{capsule_id}/diff
        GET /api/v2/capsules/{capsule_id}/files
        GET /api/v2/capsules/{capsule_id}/files/{path}
        GET /api/v2/capsules/{capsule_id}/versions
        GET /api/v2/capsules/{capsule_id}/versions/{number}
        POST /api/v2/capsules/{capsule_id}/validate
        """,
    ),
    (MEMBERS, "GET /api/v2/quotas"),
    (
        USERS,
        """
        POST /api/v1/execute
        POST /api/v2/capsules
        PATCH /api/v2/capsules/{capsule_id}
        DELETE /api/v2/capsules/{capsule_id}
        POST /api/v2/capsules/{capsule_id}/export
        POST /api/v2/capsules/{capsule_id}/restore
        POST /api/v2/capsules/{capsule_id}/versions
        """,
    ),
    (
        VIEWERS,
        """
        GET /api/v2/limits/usage
        GET /api/v2/metrics

        GET /api/v2/outages
        GET /api/v2/outages/polls
        GET /api/v2/outages/polls/summary
        GET /api/v2/outages/universe
        GET /api/v2/outages/{external_id}
        """,
    ),
    (
        POLLERS,
        """
        GET /quantitativodemandasdiversas
        GET /quantitativointerrupcoesativas
        GET /radar/quantitativodemandasdiversas
        GET /radar/quantitativointerrupcoesativas
        """,
    ),
    (
        ADMINS,
        """
        GET /api/v2/audit
        GET /api/v2/keys
        POST /api/v2/keys
        GET /api/v2/keys/{key_id}
        GET /api/v2/keys/{key_id}/usage
        PATCH /api/v2/keys/{key_id}
        DELETE /api/v2/keys/{key_id}
        POST /api/v2/keys/{key_id}/rotate
        GET /api/v2/oauth-clients
        POST /api/v2/oauth-clients
        GET /api/v2/oauth-clients/{oauth_client_id}
        GET /api/v2/oauth-clients/{oauth_client_id}/usage
        PATCH /api/v2/oauth-clients/{oauth_client_id}
        DELETE /api/v2/oauth-clients/{oauth_client_id}
        POST /api/v2/oauth-clients/{oauth_client_id}/rotate
        PATCH /api/v2/organizations/current
        GET /api/v2/invitations
        POST /api/v2/invitations
        GET /api/v2/invitations/{invitation_id}
        DELETE /api/v2/invitations/{invitation_id}
        POST /api/v2/invitations/{invitation_id}/resend
        GET /api/v1/users
        POST /api/v1/users
        GET /api/v1/users/{user_id}
        PATCH /api/v1/users/{user_id}
        DELETE /api/v1/users/{user_id}
        GET /api/v2/users
        POST /api/v2/users
        GET /api/v2/users/{user_id}
        PATCH /api/v2/users/{user_id}
        DELETE /api/v2/users/{user_id}
        GET /api/v2/roles
        POST /api/v2/roles
        GET /api/v2/roles/built-in
        GET /api/v2/roles/{name}
        PATCH /api/v2/roles/{name}
        DELETE /api/v2/roles/{name}
        POST /api/v2/tasks/retry

        GET /api/v2/webhooks/deliveries
        GET /api/v2/webhooks/deliveries/{delivery_id}
        POST /api/v2/webhooks/deliveries/{delivery_id}/replay
        GET /api/v2/webhooks/endpoints
        POST /api/v2/webhooks/endpoints
        GET /api/v2/webhooks/endpoints/{endpoint_id}
        PATCH /api/v2/webhooks/endpoints/{endpoint_id}
        DELETE /api/v2/webhooks/endpoints/{endpoint_id}
        POST /api/v2/webhooks/endpoints/{endpoint_id}/replay
        POST /api/v2/webhooks/endpoints/{endpoint_id}/rotate
        POST /api/v2/webhooks/endpoints/{endpoint_id}/test
        GET /api/v2/webhooks/events
        GET /api/v2/webhooks/receipts
        GET /api/v2/webhooks/receipts/{receipt_id}
        POST /api/v2/webhooks/receipts/{receipt_id}/replay

        PUT /api/v1/pets/{pet_id}
        DELETE /api/v1/pets/{pet_id}
        PUT /api/v2/pets/{pet_id}
        PATCH /api/v2/pets/{pet_id}
        DELETE /api/v2/pets/{pet_id}
        POST /api/v2/pets/{pet_id}/restore
        PATCH /api/v2/pets/{pet_id}/status

        POST /api/v2/outages/bulk
        PUT /api/v2/outages/{external_id}
        PATCH /api/v2/outages/{external_id}
        DELETE /api/v2/outages/{external_id}
        POST /api/v2/outages/{external_id}/close
        PUT /api/v2/outages/universe
        PUT /api/v2/outages/universe/{conjunto}/{municipio}
        GET /api/v2/outages/demands
        POST /api/v2/outages/demands/bulk
        GET /api/v2/outages/demands/{protocol}
        PUT /api/v2/outages/demands/{protocol}
        DELETE /api/v2/outages/demands/{protocol}
        GET /dadosdemanda
        GET /radar/dadosdemanda

        GET /api/v2/petstory/admin/orders
        GET /api/v2/petstory/admin/orders/{order_id}
        GET /api/v2/petstory/admin/orders/{order_id}/book
        GET /api/v2/petstory/admin/orders/{order_id}/photos/{photo_id}
        GET /api/v2/petstory/admin/summary
        POST /api/v2/petstory/admin/orders/{order_id}/expire
        POST /api/v2/petstory/admin/orders/{order_id}/mail
        POST /api/v2/petstory/admin/orders/{order_id}/refund
        POST /api/v2/petstory/admin/orders/{order_id}/retry
        POST /api/v2/petstory/admin/orders/{order_id}/revoke-links
        """,
    ),
    (
        OPERATORS,
        """
        GET /metrics
        GET /api/v2/tenants
        POST /api/v2/tenants
        GET /api/v2/tenants/{tenant_id}
        PATCH /api/v2/tenants/{tenant_id}
        GET /api/v2/tenants/{tenant_id}/quotas
        PUT /api/v2/tenants/{tenant_id}/quotas/{quota}
        DELETE /api/v2/tenants/{tenant_id}/quotas/{quota}
        GET /api/v2/limits
        PUT /api/v2/limits/{name}
        DELETE /api/v2/limits/{name}
        GET /api/v2/plans
        PUT /api/v2/plans/{name}
        DELETE /api/v2/plans/{name}
        PUT /api/v2/plans/{name}/quotas/{quota}
        DELETE /api/v2/plans/{name}/quotas/{quota}
        GET /api/v2/signing-keys
        POST /api/v2/signing-keys/rotate
        """,
    ),
)

HIDDEN, SHOWN = 404, 403
OF_ANOTHER: dict[str, tuple[frozenset[str], int]] = {
    "GET /api/v2/favorites/{favorite_id}": (frozenset({ADMIN}), HIDDEN),
    "PUT /api/v2/favorites/{favorite_id}": (frozenset({ADMIN}), HIDDEN),
    "GET /api/v2/tasks/{task_id}": (frozenset({ADMIN}), HIDDEN),
    "GET /tasks/{task_id}": (frozenset({ADMIN}), HIDDEN),
    "POST /api/v2/tasks/{task_id}/cancel": (frozenset({ADMIN}), HIDDEN),
    "POST /api/v2/tasks/{task_id}/retry": (frozenset({ADMIN}), HIDDEN),
    "GET /api/v2/capsules/{capsule_id}": (frozenset({ADMIN, USER, VIEWER, MACHINE}), SHOWN),
    "POST /api/v2/capsules/{capsule_id}/export": (frozenset({ADMIN, USER}), SHOWN),
    "PATCH /api/v2/capsules/{capsule_id}": (frozenset({ADMIN}), SHOWN),
    "POST /api/v2/capsules/{capsule_id}/versions": (frozenset({ADMIN}), SHOWN),
    "POST /api/v2/capsules/{capsule_id}/restore": (frozenset({ADMIN}), SHOWN),
    "DELETE /api/v2/capsules/{capsule_id}": (frozenset({ADMIN}), SHOWN),
}
"""What somebody else of one's tenant has made: who may, and how the others of the tenant are refused."""


def _read() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for who, lines in _TABLE:
        for name in filter(None, map(str.strip, lines.splitlines())):
            assert name not in found, f"{name} stands there twice"
            found[name] = who
    return found


WHO = _read()
