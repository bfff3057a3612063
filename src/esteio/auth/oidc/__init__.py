"""Bearer tokens of other issuers: Clerk, Auth0, Keycloak, whoever publishes their keys.

Read in this order: `settings` (what an operator says of an issuer, with `presets`), `keys` and `documents` (what an
issuer publishes), `cache` (how long that is believed), `verifier` and `statements` (from a token to what it says),
`standing` and `provisioning` (who that is here), `callers` (from a token to a proof).
"""
