"""The HTTP side of the application: endpoints, pages, operations, and the sockets' door, under one edge."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api import (
    analytics,
    assign,
    board,
    demo,
    dispatch,
    evidence,
    evidence_uploads,
    feed,
    home_score,
    job_events,
    jobs,
    location,
    me,
    message_preferences,
    messages,
    metadata,
    money,
    notifications,
    orders,
    outbox,
    pain_flags,
    payouts,
    payouts_due,
    people,
    portraits,
    push,
    receipt,
    reviews,
    sandbox,
    saved_views,
    schedule,
    shared_links,
    statement,
    stripe_webhook,
    tracking_links,
    trail,
    transfers,
    twilio_webhook,
)
from api.docs_page import docs_routes
from api.edge import Edge, nothing_here
from api.evidence_files import evidence_routes
from api.first_glance import first_glance
from api.limits import RateLimit
from api.map import map_routes
from api.openapi import build_openapi
from api.ops import Readiness, ops_routes
from api.pages import page_routes
from api.portrait_files import portrait_routes
from api.routing import Endpoint, endpoints_of
from api.security_headers import SecurityHeaders, page_policy
from api.services import Services
from api.serving import routes_for
from tracker.metrics import Metrics

SOCKET_PATH = "/socket.io"


def all_endpoints() -> list[Endpoint]:
    """Every declared endpoint; the routes and OpenAPI are both made from this list."""
    modules = (
        jobs,
        trail,
        location,
        feed,
        tracking_links,
        shared_links,
        receipt,
        portraits,
        me,
        schedule,
        assign,  # before `dispatch`: /api/dispatch/jobs/assign is no job's id
        dispatch,
        board,
        saved_views,
        people,
        orders,
        metadata,
        pain_flags,
        job_events,
        outbox,
        reviews,
        home_score,
        evidence,
        evidence_uploads,
        analytics,
        payouts,
        payouts_due,
        transfers,
        statement,
        stripe_webhook,
        money,
        sandbox,
        notifications,
        message_preferences,
        messages,
        push,
        twilio_webhook,
        demo,
    )
    return [one for module in modules for one in endpoints_of(module)]


def build_site(
    services: Services, metrics: Metrics, readiness: Readiness, scrape: Callable[[], bytes]
) -> ASGIApp:
    """The ASGI application for HTTP and websockets; `scrape` gives the text of `/metrics`."""
    settings = services.settings
    endpoints = all_endpoints()
    openapi = build_openapi(endpoints, version=version("tracker"), server=settings.public_url)
    policy = page_policy(public_url=settings.public_url, map_tiles_url=settings.map_tiles_url)
    streets = json.loads(settings.map_streets.read_bytes()) if settings.map_streets else None
    limit = RateLimit()
    routes: list[Route] = [
        *routes_for(
            endpoints,
            services=services,
            authenticate=services.authenticator.authenticate,
            limit=limit,
        ),
        *ops_routes(readiness=readiness, scrape=scrape, openapi=openapi),
        *evidence_routes(services),
        *portrait_routes(services),
        *docs_routes(),
        *map_routes(tiles_url=settings.map_tiles_url, attribution=settings.map_attribution, streets=streets),
        *page_routes(settings.web_dist, policy=policy, glance=first_glance(services, limit)),
    ]
    http = Edge(
        Router(routes, default=nothing_here, redirect_slashes=False),
        headers=SecurityHeaders(public_url=settings.public_url),
        root_path=settings.root_path,
        observe=metrics.observe_request,
    )
    socket_paths = (SOCKET_PATH + "/", settings.root_path + SOCKET_PATH + "/")

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(socket_paths):
            await services.rooms.engine.asgi(scope, receive, send)  # type: ignore[arg-type]
        else:
            await http(scope, receive, send)

    return site
