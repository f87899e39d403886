"""Puts generated requests where something is, and counts what they were answered.

Generated ids hit nothing and generated bodies are mostly refused: alone they would prove little. So most requests get
the ids of records that exist, and some a body that is good, or good but for one generated key. What is deleted is
always made for it. A request's own content decides, so that a run can be repeated.
"""

import atexit
import json
import os
import sys
import zlib
from collections import Counter, defaultdict

import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desk import Desk  # noqa: E402
from samples import good_body, good_query  # noqa: E402

desk = Desk()
desk.fill()

# What a parameter of an address names: by the text before it, the longest that fits.
KINDS = {
    "/api/v1/accounts/": "account",
    "/api/v2/accounts/": "account",
    "/agent_bots/": "bot",
    "/agents/": "agent",
    "/automation_rules/": "rule",
    "/canned_responses/": "canned_response",
    "/contacts/": "contact",
    "/conversations/": "conversation",
    "/messages/": "message",
    "/custom_attribute_definitions/": "custom_attribute",
    "/custom_filters/": "custom_filter",
    "/inbox_members/": "inbox",
    "/inboxes/": "inbox",
    "/apps/": "app",
    "/hooks/": "hook",
    "/labels/": "label",
    "/teams/": "team",
    "/webhooks/": "webhook",
    "/webhook_endpoints/": "endpoint",
    "/webhook_deliveries/": "delivery",
    "/platform/api/v1/accounts/": "platform_account",
    "/platform/api/v1/agent_bots/": "platform_bot",
    "/platform/api/v1/users/": "platform_user",
    "/public/api/v1/inboxes/": "inbox_identifier",
    "/public/api/v1/inboxes/{inbox_identifier}/contacts/": "session",
    "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/": "public_conversation",
    "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages/": "public_message",
    "/csat_survey/": "survey",
}

# What the last parameter names is gone afterwards, or another one.
DESTRUCTIVE = {"updateAgentInAccount"}

requests_sent = 0
answers = defaultdict(Counter)


def kinds(path):
    """The kind of each parameter of a path's template."""
    found = {}
    pieces = path.split("{")
    before = pieces[0]
    for piece in pieces[1:]:
        name, after = piece.split("}", 1)
        fitting = [text for text in KINDS if before.endswith(text)]
        found[name] = KINDS[max(fitting, key=len)]
        before += "{" + piece
    return found


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def chance(case):
    """A number that follows from the request alone."""
    # What stands for no body shows itself with its address in memory.
    body = None if case.body is NOT_SET else case.body
    content = [case.path, case.method, case.path_parameters, case.query, body]
    return zlib.crc32(repr(content).encode("utf-8", "replace"))


def has_succeeded(name):
    return any(200 <= status < 300 for status in answers[name])


def is_dangerous(value):
    """Whether a generated id could be that of a record of the demo."""
    try:
        return abs(int(float(str(value)))) < 1_000_000
    except (ValueError, OverflowError):
        return False


def with_one_of(generated, good, number):
    """What is good, with one key as it was generated."""
    if isinstance(generated, dict) and generated:
        key = sorted(generated, key=str)[number % len(generated)]
        good[key] = generated[key]
    return good


@schemathesis.hook
def before_call(context, case, kwargs):
    place = kinds(case.path)
    name = operation_id(case)
    number = chance(case)
    is_destructive = name in DESTRUCTIVE or case.method.upper() == "DELETE"
    keeps_ids = number % 8 == 0 or (case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH))
    last = list(place)[-1] if place else None
    for parameter, kind in place.items():
        value = (case.path_parameters or {}).get(parameter)
        ends = is_destructive and parameter == last and case.path.endswith("}")
        if not keeps_ids:
            case.path_parameters[parameter] = desk.new(kind) if ends else desk.one(kind)
        elif ends and is_dangerous(value):
            case.path_parameters[parameter] = desk.new(kind)
    choice = number // 8 % 3
    if choice:
        for part, good in (("body", good_body(desk, name)), ("query", good_query(desk, name))):
            if good is not None:
                generated = getattr(case, part)
                setattr(case, part, good if choice == 1 else with_one_of(generated, good, number // 24))
    if name == "followEvents":
        # A stream that is followed has no end, and nobody guesses a place in the log.
        case.query = {**(case.query or {}), "follow": "false"}
        if number % 4:
            case.headers.pop("Last-Event-ID", None)
    if name == "resetProfileAccessToken" and "api_access_token" in case.headers:
        # The others go on with their key.
        case.headers["api_access_token"] = desk.victim["access_token"]
    if name == "signOut" and (number % 4 or not has_succeeded(name)):
        case.headers.update(desk.new_login())
    if name == "validateToken" and (number % 4 or not has_succeeded(name)):
        case.query = {**(case.query or {}), **desk.new_login()}


@schemathesis.hook
def after_call(context, case, response):
    global requests_sent
    requests_sent += 1
    operation = operation_id(case)
    answers[operation][response.status_code] += 1
    if response.status_code == 404:
        used = case.path_parameters or {}
        desk.forget(kind for name, kind in kinds(case.path).items() if used.get(name) == desk.known.get(kind))
    if operation == "resetProfileAccessToken" and response.status_code == 200:
        desk.victim["access_token"] = response.json()["access_token"]


@atexit.register
def report():
    with open(os.environ["SCHEMATHESIS_COUNTS"], "w") as file:
        json.dump({"requests": requests_sent, "answers": answers}, file)
