"""`make serve` on a folder whose sample was loaded before."""

from pathlib import Path

import pytest

from demo.json_client import JsonClient, NoAnswerError
from demo.serve import LOADED, served
from demo.stack import Stack


def test_serve_answers_and_its_tokens_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the shell says of another installation must not reach the demo.
    monkeypatch.setenv("STEWARD_PROFILE", "production")
    with Stack(tmp_path) as stack:
        stack.migrate()
        stack.load_sample("staff")
    (tmp_path / LOADED).touch()
    with served(tmp_path, 0, fresh=False) as stack:
        server = JsonClient(stack.url)
        said = capsys.readouterr().out
        tokens = {
            line.split()[0]: line.split()[2] for line in said.splitlines() if line.count(" ") and "." in line
        }
        for who, path in (("customer", "/customer/cases"), ("supervisor", "/staff/tasks")):
            headers = {"Authorization": f"Bearer {tokens[who]}"}
            assert server.send("GET", f"/api/v1{path}", headers=headers).status == 200
        assert server.send("GET", "/openapi.json").body["openapi"].startswith("3.1")
        assert server.send("GET", "/dev/messages").body["items"] == []
        url = stack.url
    with pytest.raises(NoAnswerError, match="refused"):
        JsonClient(url).send("GET", "/healthz")
