"""The OpenAPI 3.1 document and a page that shows it. All its assets are served from here."""

from pathlib import Path

import flask_swagger_ui
from apiflask import APIBlueprint
from flask import Response, current_app, render_template

from miniprogram_api.openapi import document

# The package brings Swagger UI's files, so that no browser has to load them from elsewhere.
_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"

docs = APIBlueprint(
    "docs",
    __name__,
    template_folder="templates",
    static_folder=str(_ASSETS),
    static_url_path="/docs/assets",
    enable_openapi=False,
)


@docs.get("/openapi.json")
def describe() -> Response:
    """One OpenAPI document for all audiences, tagged by audience."""
    return Response(document(current_app), mimetype="application/json")


@docs.get("/docs")
def browse() -> str:
    """The page with Swagger UI."""
    return render_template("docs.html")
