"""The demo as the run finds it: makes the records that requests are about, by the same API."""

import collections
import email
import email.policy
import itertools
import os
import pathlib
import re
import time

import requests

PASSWORD = "Lantern-Bikes-2022!"

# How long a mail may take, in seconds.
PATIENCE = 20

# What is made for one request.
NO_RECORDS = ("new_user", "new_login", "new_password_link", "new_confirmation_link")


class Desk:
    """Makes records of every kind. What is made is remembered by kind, until it is not found any more."""

    def __init__(self):
        self.base = os.environ["BASE_URL"]
        self.administrator = os.environ["ADMINISTRATOR_TOKEN"]
        self.platform_token = os.environ["PLATFORM_TOKEN"]
        self.inbox_identifier = os.environ["INBOX_IDENTIFIER"]
        self.numbers = itertools.count(1)
        self.session = requests.Session()
        self.known = {}
        self.account = self.ask("GET", "/api/v1/profile")["accounts"][0]["id"]
        self.team = f"/api/v1/accounts/{self.account}"
        inboxes = self.ask("GET", f"{self.team}/inboxes")["payload"]
        self.inbox = next(inbox["id"] for inbox in inboxes if inbox.get("inbox_identifier") == self.inbox_identifier)
        self.mails_read = set()
        self.secrets = collections.defaultdict(set)
        self.outbox = pathlib.Path(os.environ["DATA_FOLDER"], "outbox")
        # Two who lose a key and a password.
        self.victim = self.new_user()
        self.forgetful = self.new_user()

    def ask(self, method, path, body=None, token=None, **options):
        """The answer to a request that must succeed, as JSON."""
        if token is None:
            token = self.platform_token if path.startswith("/platform/") else self.administrator
        headers = {} if path.startswith(("/public/", "/auth/")) else {"api_access_token": token}
        answer = self.session.request(method, self.base + path, json=body, headers=headers, **options)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} {body}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def fill(self):
        """Makes one record of every kind, so that no list is empty."""
        for name in dir(self):
            if name.startswith("new_") and name not in NO_RECORDS:
                self.one(name.removeprefix("new_"))

    def number(self):
        return next(self.numbers)

    def one(self, kind):
        """A record of this kind that others may use too."""
        if kind not in self.known:
            self.known[kind] = self.new(kind)
        return self.known[kind]

    def new(self, kind):
        """A new record of this kind."""
        return getattr(self, "new_" + kind)()

    def forget(self, kinds):
        """What was not found is made anew when it is needed."""
        for kind in kinds:
            self.known.pop(kind, None)

    # Of the account.

    def new_account(self):
        return self.account

    def new_bot(self):
        body = {"name": f"Bot {self.number()}", "outgoing_url": "https://bot.example/hook"}
        return self.ask("POST", f"{self.team}/agent_bots", body)["id"]

    def new_agent(self):
        body = {"name": "Mira", "email": f"mira{self.number()}@team.example", "role": "agent"}
        return self.ask("POST", f"{self.team}/agents", body)["id"]

    def new_rule(self):
        body = {"name": f"Rule {self.number()}", "event_name": "message_created"}
        made = self.ask("POST", f"{self.team}/automation_rules", body)
        return made.get("payload", made)["id"]

    def new_canned_response(self):
        body = {"short_code": f"hello {self.number()}", "content": "Hello!"}
        return self.ask("POST", f"{self.team}/canned_responses", body)["id"]

    def new_contact(self):
        body = {"name": "Ada", "inbox_id": self.inbox, "email": f"ada{self.number()}@post.example"}
        return self.ask("POST", f"{self.team}/contacts", body)["payload"]["contact"]["id"]

    def new_session(self):
        """A contact's source_id in the API inbox."""
        body = {"name": "Ada", "email": f"ada{self.number()}@post.example"}
        return self.ask("POST", f"/public/api/v1/inboxes/{self.inbox_identifier}/contacts", body)["source_id"]

    def new_conversation(self):
        body = {"inbox_id": self.inbox, "contact_id": self.new_contact()}
        return self.ask("POST", f"{self.team}/conversations", body)["id"]

    def new_message(self):
        path = f"{self.team}/conversations/{self.one('conversation')}/messages"
        return self.ask("POST", path, {"content": "Hello"})["id"]

    def new_custom_attribute(self):
        key = f"plan_{self.number()}"
        body = {"attribute_display_name": "Plan", "attribute_key": key, "attribute_display_type": 0}
        return self.ask("POST", f"{self.team}/custom_attribute_definitions", body)["id"]

    def new_custom_filter(self):
        body = {"name": f"Filter {self.number()}", "type": "contact", "query": {"payload": []}}
        return self.ask("POST", f"{self.team}/custom_filters", body)["id"]

    def new_inbox(self):
        body = {"name": f"Desk {self.number()}", "channel": {"type": "api"}}
        return self.ask("POST", f"{self.team}/inboxes", body)["id"]

    def new_app(self):
        return "webhook"

    def new_hook(self):
        settings = {"project_id": f"project {self.number()}", "credentials": {"type": "service_account"}}
        body = {"app_id": "dialogflow", "inbox_id": self.new_inbox(), "settings": settings}
        return self.ask("POST", f"{self.team}/integrations/hooks", body)["id"]

    def new_label(self):
        return self.ask("POST", f"{self.team}/labels", {"title": f"label-{self.number()}"})["id"]

    def new_team(self):
        return self.ask("POST", f"{self.team}/teams", {"name": f"team {self.number()}"})["id"]

    def new_webhook(self):
        body = {"url": f"https://hooks.example/{self.number()}"}
        return self.ask("POST", f"{self.team}/webhooks", body)["payload"]["webhook"]["id"]

    def new_endpoint(self):
        """One that may not be called, so that nobody waits for it."""
        body = {"url": f"http://10.0.0.1:8080/{self.number()}"}
        webhook = self.ask("POST", f"{self.team}/webhooks", body)["payload"]["webhook"]["id"]
        endpoints = self.ask("GET", f"{self.team}/webhook_endpoints", None)["payload"]
        return next(one["id"] for one in endpoints if one["kind"] == "webhook" and one["subject_id"] == webhook)

    def new_delivery(self):
        return self.ask("POST", f"{self.team}/webhook_endpoints/{self.new_endpoint()}/test", {})["id"]

    # Of the platform app.

    def new_platform_account(self):
        return self.ask("POST", "/platform/api/v1/accounts", {"name": f"Account {self.number()}"})["id"]

    def new_platform_user(self):
        return self.new_user()["id"]

    def new_platform_bot(self):
        return self.ask("POST", "/platform/api/v1/agent_bots", {"name": f"Bot {self.number()}"})["id"]

    def new_membership(self):
        """A user in the platform app's account."""
        user = self.new_platform_user()
        path = f"/platform/api/v1/accounts/{self.one('platform_account')}/account_users"
        self.ask("POST", path, {"user_id": user, "role": "agent"})
        return user

    def new_user(self):
        """A user that belongs to the demo's account, with `id`, `email` and `access_token`."""
        email = f"user{self.number()}@team.example"
        user = self.ask("POST", "/platform/api/v1/users", {"name": "Olu", "email": email, "password": PASSWORD})
        self.ask("POST", f"{self.team}/agents", {"name": "Olu", "email": email, "role": "agent"})
        return user

    def new_login(self):
        """The headers of a session."""
        body = {"email": self.victim["email"], "password": PASSWORD}
        answer = self.session.post(self.base + "/auth/sign_in", json=body)
        answer.raise_for_status()
        return {name: answer.headers[name] for name in ("access-token", "client", "uid")}

    def new_password_link(self):
        """The secret of a link that sets another password."""
        address = self.forgetful["email"]
        before = self.links(address, "reset_password_token")
        self.ask("POST", "/auth/password", {"email": address})
        return self.await_link(address, "reset_password_token", before)

    def new_confirmation_link(self):
        """The secret of a link that confirms the address of somebody who has signed up."""
        address = f"stranger{self.number()}@team.example"
        body = {"account_name": "Strangers", "user_full_name": "Ida", "email": address, "password": PASSWORD}
        answer = self.session.post(self.base + "/api/v1/accounts", json=body)
        answer.raise_for_status()
        return self.await_link(address, "confirmation_token", set())

    def links(self, address, name):
        """The secrets called `name` in all mails to `address`."""
        for file in self.outbox.glob("*.eml"):
            if file.name not in self.mails_read:
                self.mails_read.add(file.name)
                self.read_mail(email.message_from_bytes(file.read_bytes(), policy=email.policy.default))
        return set(self.secrets[address, name])

    def read_mail(self, mail):
        text = mail.get_body(("plain",)).get_content()
        for address in mail["To"].addresses:
            for name, secret in re.findall(r"(\w+_token)=([\w-]+)", text):
                self.secrets[address.addr_spec, name].add(secret)

    def await_link(self, address, name, before):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if new := self.links(address, name) - before:
                return new.pop()
            time.sleep(0.02)
        raise RuntimeError(f"no mail to {address} has a {name}")

    # For contacts.

    def new_inbox_identifier(self):
        return self.inbox_identifier

    def public_conversations(self):
        return f"/public/api/v1/inboxes/{self.inbox_identifier}/contacts/{self.one('session')}/conversations"

    def new_public_conversation(self):
        return self.ask("POST", self.public_conversations(), {})["id"]

    def new_public_message(self):
        """A message that asks the contact to choose."""
        path = f"{self.team}/conversations/{self.one('public_conversation')}/messages"
        items = [{"title": "Blue", "value": "blue"}, {"title": "Red", "value": "red"}]
        body = {"content": "Which?", "content_type": "input_select", "content_attributes": {"items": items}}
        return self.ask("POST", path, body)["id"]

    def new_survey(self):
        """The UUID of a conversation that has a survey."""
        if "survey_inbox" not in self.known:
            body = {"name": "Asks", "channel": {"type": "api"}, "csat_survey_enabled": True}
            self.known["survey_inbox"] = self.ask("POST", f"{self.team}/inboxes", body)["id"]
        body = {"inbox_id": self.known["survey_inbox"], "contact_id": self.new_contact()}
        path = f"{self.team}/conversations/" + str(self.ask("POST", f"{self.team}/conversations", body)["id"])
        self.ask("POST", f"{path}/messages", {"content": "Hello"})
        self.ask("POST", f"{path}/toggle_status", {"status": "resolved"})
        return self.ask("GET", path)["uuid"]
