"""An origin service in Python: verifies the deliveries of threescale-edge, drops repeats, stores each event.

    pip install standardwebhooks cloudevents
    ORIGIN_SECRETS=whsec_… python3 origin.py [PORT] [FILE]

Several secrets, separated by spaces, may be valid at once during a rotation.
"""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
FILE = sys.argv[2] if len(sys.argv) > 2 else "events.sqlite"
WEBHOOKS = [Webhook(secret) for secret in os.environ["ORIGIN_SECRETS"].split()]


def verify(body, headers):
    """The signature covers the exact bytes: verify first, parse afterwards."""
    for webhook in WEBHOOKS:
        try:
            webhook.verify(body, headers, json_parse=False)
            return True
        except (WebhookVerificationError, ValueError):
            continue
    return False


def store(webhook_id, event):
    """Returns whether the event is new. A real origin makes its own changes in the same transaction."""
    with sqlite3.connect(FILE) as database:
        inserted = database.execute("INSERT OR IGNORE INTO events VALUES (?, ?)", (webhook_id, event))
    return inserted.rowcount == 1


def receive(headers, body):
    if not verify(body, headers):
        print("refused: no valid signature", file=sys.stderr)
        return 401
    try:
        event = from_http_event(HTTPMessage(headers=headers, body=body))
    except Exception as error:
        print(f"refused: {error}", file=sys.stderr)
        return 400
    text = JSONFormat().write(event).decode()
    # A repeat is a success too: the sender only needs to know that the event has arrived.
    if store(headers["webhook-id"], text):
        print(text)
    else:
        print(f"{headers['webhook-id']} again: dropped", file=sys.stderr)
    # Stored, so that it may be answered. What takes longer is done afterwards, from the store.
    return 204


class Origin(BaseHTTPRequestHandler):
    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        # If this fails, there is no answer, and threescale-edge tries again.
        self.send_response(receive(headers, body))
        self.end_headers()

    def log_message(self, *_):
        pass


sys.stdout.reconfigure(line_buffering=True)
with sqlite3.connect(FILE) as database:
    database.execute("CREATE TABLE IF NOT EXISTS events (webhook_id TEXT PRIMARY KEY, event TEXT)")
server = ThreadingHTTPServer(("127.0.0.1", PORT), Origin)
print(f"origin listens on http://127.0.0.1:{PORT}")
server.serve_forever()
