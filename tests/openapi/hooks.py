"""What an honest client knows, and the document cannot tell."""

import json
import os
import random
import uuid

import schemathesis

KEY = "Idempotency-Key"
CLIENTS = json.loads(os.environ["MOTHBALL_CLIENTS"])
PATIENCE = 2


@schemathesis.hook
def map_body(context, body):
    """Half of the runs are asked for clients that there are. What is no name stays as it is: it has to be refused."""
    named = body.get("client_id") if isinstance(body, dict) else None
    if isinstance(named, str) and named.isprintable() and 1 <= len(named.strip()) <= 200 and random.random() < 0.5:
        return {**body, "client_id": random.choice(CLIENTS)}
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key names one thing that is asked for, so each call has one of its own; and nobody waits long for a run."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and 1 <= len(key) <= 255 and all("!" <= char <= "~" for char in key):
        # Not of `random`, which begins anew for each case.
        case.headers[KEY] = f"{key[:200]}-{uuid.uuid4()}"
    wait = (case.query or {}).get("wait")
    if str(wait).isdecimal() and PATIENCE < int(wait) <= 300:
        case.query["wait"] = PATIENCE
