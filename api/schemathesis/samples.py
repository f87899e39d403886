"""Good bodies and queries for operations of which random ones are nearly always refused."""

from desk import PASSWORD


def good_body(desk, operation):
    """A body that `operation` takes, or `None` where random ones do."""
    make = BODIES.get(operation)
    return make(desk, desk.number()) if make else None


def good_query(desk, operation):
    """Parameters of a query that `operation` takes, or `None` where random ones do."""
    make = QUERIES.get(operation)
    return make(desk, desk.number()) if make else None


def _hook_settings(number):
    return {"project_id": f"project {number}", "credentials": {"type": "service_account"}}


def _rule(desk, number):
    condition = {"attribute_key": "content", "filter_operator": "contains", "values": ["help"], "query_operator": None}
    action = {"action_name": "add_label", "action_params": ["help"]}
    return {
        "name": f"Rule {number}",
        "event_name": "message_created",
        "conditions": [condition],
        "actions": [action],
    }


def _filter(key, operator, value):
    condition = {"attribute_key": key, "filter_operator": operator, "values": [value]}
    return {"payload": [condition]}


BODIES = {
    "updateWebhookEndpoint": lambda desk, n: {"concurrency": n % 8 + 1, "per_minute": 60},
    "replayWebhookDeliveries": lambda desk, n: {"since": n, "state": "all"},
    "createAUser": lambda desk, n: {"name": "Olu", "email": f"olu{n}@team.example", "password": PASSWORD},
    "updateAUser": lambda desk, n: {"name": f"Olu {n}"},
    "createAnAccount": lambda desk, n: {"name": f"Account {n}"},
    "updateAnAccount": lambda desk, n: {"name": f"Account {n}"},
    "createAnAccountUser": lambda desk, n: {"user_id": desk.new("platform_user"), "role": "agent"},
    "deleteAnAccountUser": lambda desk, n: {"user_id": desk.new("membership")},
    "createAnAgentBot": lambda desk, n: {"name": f"Bot {n}", "outgoing_url": "https://bot.example/hook"},
    "updateAnAgentBot": lambda desk, n: {"name": f"Bot {n}", "outgoing_url": "https://bot.example/hook"},
    "signIn": lambda desk, n: {"email": desk.victim["email"], "password": PASSWORD},
    "askForPassword": lambda desk, n: {"email": desk.forgetful["email"]},
    "setPassword": lambda desk, n: {
        "reset_password_token": desk.new("password_link"),
        "password": PASSWORD,
        "password_confirmation": PASSWORD,
    },
    "confirmAddress": lambda desk, n: {"confirmation_token": desk.new("confirmation_link")},
    "resendConfirmation": lambda desk, n: {"email": desk.forgetful["email"]},
    "signUp": lambda desk, n: {
        "account_name": f"Strangers {n}",
        "user_full_name": "Ida",
        "email": f"stranger{n}@team.example",
        "password": PASSWORD,
    },
    "updateAccount": lambda desk, n: {"name": f"Lantern {n}"},
    "updateProfile": lambda desk, n: {"display_name": f"Mara {n}"},
    "setProfileAvailability": lambda desk, n: {"account_id": desk.account, "availability": "busy"},
    "setProfileAutoOffline": lambda desk, n: {"account_id": desk.account, "auto_offline": False},
    "setActiveAccount": lambda desk, n: {"account_id": desk.account},
    "addNewAgentToAccount": lambda desk, n: {"name": "Mira", "email": f"mira{n}@team.example", "role": "agent"},
    "addNewAgentsToAccount": lambda desk, n: {"emails": [f"mira{n}@team.example"]},
    "updateAgentInAccount": lambda desk, n: {"name": f"Mira {n}", "role": "agent", "availability": "busy"},
    "createAnAccountAgentBot": lambda desk, n: {"name": f"Bot {n}", "outgoing_url": "https://bot.example/hook"},
    "updateAnAccountAgentBot": lambda desk, n: {"name": f"Bot {n}", "outgoing_url": "https://bot.example/hook"},
    "inboxCreation": lambda desk, n: {"name": f"Desk {n}", "channel": {"type": "api"}},
    "updateInbox": lambda desk, n: {"name": f"Desk {n}"},
    "updateAgentBot": lambda desk, n: {"agent_bot": desk.one("bot")},
    "addNewAgentToInbox": lambda desk, n: {"inbox_id": desk.one("inbox"), "user_ids": [desk.one("agent")]},
    "updateAgentsInInbox": lambda desk, n: {"inbox_id": desk.one("inbox"), "user_ids": [desk.one("agent")]},
    "deleteAgentsInInbox": lambda desk, n: {"inbox_id": desk.one("inbox"), "user_ids": []},
    "deleteAgentInInbox": lambda desk, n: {"user_ids": []},
    "addNewCannedResponseToAccount": lambda desk, n: {"short_code": f"code {n}", "content": "Hello"},
    "updateCannedResponseInAccount": lambda desk, n: {"short_code": f"code {n}", "content": "Hello"},
    "addNewCustomAttributeToAccount": lambda desk, n: {
        "attribute_display_name": "Plan",
        "attribute_key": f"plan_{n}",
        "attribute_display_type": 1,
        "attribute_model": n % 2,
    },
    "updateCustomAttributeInAccount": lambda desk, n: {"attribute_display_name": f"Plan {n}"},
    "createLabel": lambda desk, n: {"title": f"label-{n}", "color": "#aa0044"},
    "updateLabel": lambda desk, n: {"title": f"label-{n}", "color": "#aa0044"},
    "createACustomFilter": lambda desk, n: {"name": f"Filter {n}", "query": _filter("name", "contains", "a")},
    "updateACustomFilter": lambda desk, n: {"name": f"Filter {n}", "query": _filter("name", "contains", "a")},
    "createAnIntegrationHook": lambda desk, n: {
        "app_id": "dialogflow",
        "inbox_id": desk.new("inbox"),
        "settings": _hook_settings(n),
    },
    "updateAnIntegrationsHook": lambda desk, n: {"settings": _hook_settings(n)},
    "addNewAutomationRuleToAccount": _rule,
    "updateAutomationRuleInAccount": _rule,
    "createAWebhook": lambda desk, n: {"url": f"https://hooks.example/{n}", "subscriptions": ["message_created"]},
    "updateAWebhook": lambda desk, n: {"url": f"https://hooks.example/{n}", "subscriptions": ["message_created"]},
    "createATeam": lambda desk, n: {"name": f"team {n}", "allow_auto_assign": False},
    "updateATeam": lambda desk, n: {"name": f"team {n}"},
    "addNewAgentToTeam": lambda desk, n: {"user_ids": [desk.one("agent")]},
    "updateAgentsInTeam": lambda desk, n: {"user_ids": [desk.one("agent")]},
    "deleteAgentInTeam": lambda desk, n: {"user_ids": [desk.one("agent")]},
    "contactCreate": lambda desk, n: {
        "name": "Ada",
        "email": f"ada{n}@post.example",
        "inbox_id": desk.inbox,
        "custom_attributes": {"plan": "gold"},
    },
    "contactUpdate": lambda desk, n: {"name": f"Ada {n}", "custom_attributes": {"plan": "gold"}},
    "contactDestroyCustomAttributes": lambda desk, n: {"custom_attributes": ["plan"]},
    "contactFilter": lambda desk, n: _filter("name", "contains", "a"),
    "conversationFilter": lambda desk, n: _filter("status", "equal_to", "open"),
    "contactInboxCreation": lambda desk, n: {"inbox_id": desk.new("inbox")},
    "setLabelsOfContact": lambda desk, n: {"labels": ["refund"]},
    "conversationAddLabels": lambda desk, n: {"labels": ["refund"]},
    "newConversation": lambda desk, n: {
        "inbox_id": desk.inbox,
        "contact_id": desk.new("contact"),
        "message": {"content": "Hello"},
    },
    "updateConversation": lambda desk, n: {"priority": "high"},
    "togglePriorityOfConversation": lambda desk, n: {"priority": "low"},
    "toggleStatusOfAConversation": lambda desk, n: {"status": ("open", "pending", "resolved")[n % 3]},
    "assignAConversation": lambda desk, n: {"team_id": desk.one("team")} if n % 2 else {"assignee_id": 0},
    "setCustomAttributesOfConversation": lambda desk, n: {"custom_attributes": {"plan": n}},
    "createANewMessageInAConversation": lambda desk, n: {"content": "Hello", "private": n % 2 == 0},
    "createDirectUploadInConversation": lambda desk, n: {
        "filename": f"{n}.txt",
        "byte_size": 11,
        "checksum": "XrY7u+Ae7tCTyyK7j1rNww==",
        "content_type": "text/plain",
    },
    "toggleTypingStatus": lambda desk, n: {"typing_status": "on"},
    "toggleTypingOfAContact": lambda desk, n: {"typing_status": "off"},
    "createAContact": lambda desk, n: {"name": "Ada", "email": f"ada{n}@post.example"},
    "updateAContact": lambda desk, n: {"name": f"Ada {n}"},
    "createAConversation": lambda desk, n: {"custom_attributes": {"plan": "gold"}},
    "createAMessage": lambda desk, n: {"content": "Hello"},
    "updateAMessage": lambda desk, n: {"submitted_values": [{"title": "Blue", "value": "blue"}]},
    "answerSurvey": lambda desk, n: {
        "message": {"submitted_values": {"csat_survey_response": {"rating": n % 5 + 1, "feedback_message": "Fine"}}}
    },
    "uploadFile": lambda desk, n: {"attachment": b"Hello"},
    "attachFileToAutomationRule": lambda desk, n: {"attachment": b"Hello"},
}

METRICS = (
    "conversations_count",
    "incoming_messages_count",
    "outgoing_messages_count",
    "resolutions_count",
    "avg_first_response_time",
    "avg_resolution_time",
    "reply_time",
)

QUERIES = {
    "followEvents": lambda desk, n: {"since": str(n % 2), "subscriptions": "message_created,contact_created"},
    "assignableAgents": lambda desk, n: {"inbox_ids[]": [desk.one("inbox"), desk.inbox]},
    "contactSearch": lambda desk, n: {"q": "ada", "sort": "-name"},
    "conversationList": lambda desk, n: {"assignee_type": "all", "status": "all"},
    "listAllConversationStatistics": lambda desk, n: {
        "metric": METRICS[n % len(METRICS)],
        "type": ("account", "inbox")[n % 2],
        "id": str(desk.inbox),
        "since": "1600000000",
        "until": "1600864000",
        "group_by": ("day", "week")[n % 2],
        "timezone_offset": "5.5",
        "business_hours": "true",
    },
    "listAllConversationStatisticsSummary": lambda desk, n: {"type": "account", "since": "1600000000"},
    "getAccountConversationMetrics": lambda desk, n: {"type": "account"},
    "getAgentConversationMetrics": lambda desk, n: {"type": "agent"},
    "getAccountCustomAttribute": lambda desk, n: {"attribute_model": n % 2},
}
