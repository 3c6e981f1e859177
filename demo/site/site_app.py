"""The application of `make serve`: the product, with a first page at `/` for whoever tries it.

The product itself has nothing at `/`: the page exists in no other installation. Its picture in the README is
made while `make serve ARGS="--at 2026-11-25T10:20"` runs:

    chromium --headless --hide-scrollbars --window-size=1280,860 --virtual-time-budget=20000 \
        --screenshot=docs/pictures/first-page.png http://127.0.0.1:8080/#mini-sample11
    pngquant --force --output docs/pictures/first-page.png 96 docs/pictures/first-page.png
"""

from apiflask import APIFlask
from flask import Flask

import wsgi
from app.core.settings import Settings
from demo.site.first_page import first_page


def create_app() -> Flask:
    """The product on the environment's settings and its first page. Raises `ValueError` in production."""
    app = wsgi.create_app()
    if isinstance(app, APIFlask):
        settings: Settings = app.extensions["steward.settings"]
        if not settings.simulated:
            raise ValueError("the first page logs in as anybody: it is for demo and test settings only")
        app.register_blueprint(first_page)
    return app
