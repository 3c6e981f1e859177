"""The logins of whoever is calling: seen and ended by themselves. The same for customers and for staff."""

from typing import Any

from apiflask import APIBlueprint

from app.services.people import sessions
from miniprogram_api.guards import caller, token_signer
from miniprogram_api.schemas.sessions import EndedOut, LoginsOut


def add_session_routes(account: APIBlueprint) -> None:
    """Give an audience's account its addresses of logins."""

    @account.get("/sessions")
    @account.output(LoginsOut)
    @account.doc(summary="我的登录")
    def list_logins() -> dict[str, Any]:
        """Lists the caller's logins that are still valid, the last used first.

        A login ends by itself when it expires and when it was not used for the time of the settings.
        """
        return {"items": token_signer().logins_of(caller())}

    @account.delete("/sessions")
    @account.output(EndedOut)
    @account.doc(summary="退出其他登录")
    def log_out_elsewhere() -> dict[str, int]:
        """Ends every login of the caller but the current one, as after a phone was lost."""
        return {"ended": sessions.revoke_others(caller())}

    @account.delete("/sessions/<public_id:session_id>")
    @account.output({}, status_code=204)
    @account.doc(summary="退出某次登录")
    def log_out_there(session_id: str) -> str:
        """Ends one login of the caller.

        Refused with `not_found` for somebody else's and for one that has ended.
        """
        sessions.revoke_one(caller(), session_id)
        return ""

    @account.delete("/sessions/current")
    @account.output({}, status_code=204)
    @account.doc(summary="退出登录")
    def log_out() -> str:
        """Ends the current login.

        The token is refused from now on (`not_signed_in`).
        """
        sessions.revoke(caller())
        return ""
