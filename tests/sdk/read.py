"""Reads recorded deliveries with the SDKs for Python: JSON in on stdin, JSON out on stdout. tests/e2e/sdks.rs compares.

Each delivery is {secret, headers, body}, with the body as base64.
"""

import base64
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook


def attempt(act):
    try:
        return act()
    except Exception as error:
        return {"error": repr(error)}


def verify(secret, headers, body):
    Webhook(secret).verify(body, headers, json_parse=False)
    return True


def parse(headers, body):
    event = from_http_event(HTTPMessage(headers=headers, body=body))
    return event.get_attributes() | {"data": event.get_data()}


def read(delivery):
    headers, body = delivery["headers"], base64.b64decode(delivery["body"])
    return {
        "verified": attempt(lambda: verify(delivery["secret"], headers, body)),
        "event": attempt(lambda: parse(headers, body)),
    }


# Times are objects in Python: they are printed as ISO 8601.
print(json.dumps([read(delivery) for delivery in json.load(sys.stdin)], default=lambda time: time.isoformat()))
