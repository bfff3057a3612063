"""Coming in, leaving and users, under the names that the store's clients know: the platform's own endpoints, plain."""

from fastapi import APIRouter

from esteio.auth.routes import login, users
from esteio.auth.schemas import MeView, UserView
from esteio.auth.session_schemas import TokensView
from esteio.http.answers import NoContent

account = APIRouter(prefix="/account", tags=["account"])
account.post("/register", status_code=201, summary="Register", response_model=MeView)(login.register)
account.post("/login", summary="Log in with a password", response_model=TokensView)(login.log_in)
account.post("/refresh", summary="Renew a login", response_model=TokensView)(login.refresh)
account.post("/logout", status_code=204, summary="Log out", response_class=NoContent)(login.log_out)
account.get("/me", summary="Who am I", response_model=MeView)(login.me)

members = APIRouter(prefix="/users", tags=["users"])
members.get("", summary="List users", response_model=list[UserView])(users.list_users)
members.post("", status_code=201, summary="Make a user", response_model=UserView)(users.create_user)
members.get("/{user_id}", summary="Read a user", response_model=UserView)(users.read_user)
members.patch("/{user_id}", summary="Change a user", response_model=UserView)(users.change_user)
members.delete("/{user_id}", status_code=204, summary="Remove a user", response_class=NoContent)(users.remove_user)

PUBLIC = frozenset(f"POST /api/v1/account/{name}" for name in ("register", "login", "refresh", "logout"))
"""What has to be open to callers without credentials."""
