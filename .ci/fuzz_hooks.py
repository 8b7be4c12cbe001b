"""What the fuzzer of the HTTP API cannot know from docs/openapi.yaml."""

import base64
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import re
import time

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

with open(os.environ["PACELINE_ENDPOINT"], encoding="utf-8") as file:
    ENDPOINT = json.load(file)

# Why a request may be refused of which the schemas say that it is right: by code, what no schema can say. Any other
# refusal of such a request is a mistake of the document or of the code.
BEYOND_SCHEMAS = {
    "activity_missing": "what is deleted needs no activity, and all else does",
    "bad_cursor": "a cursor is one that a list gave",
    "bad_date": "a file has to be told its date",
    "bad_range": "from is not after to, both are of our time, and a span has its limit",
    "connect_not_configured": "no provider with OAuth is set up here",
    "method_not_allowed": "the generic provider shakes no hands",
    "no_list": "no provider that lists is set up here",
    "no_oauth": "no provider with OAuth is set up here",
    "not_in_fit": "FIT knows fewer targets than plans have",
    "place_out_of_range": "a program has so many weeks and days as it has",
    "signup_token_refused": "a token is one that a community gave",
    "undecodable": "bytes are a file, or are not",
    "unknown_athlete": "an account that is connected",
    "unknown_exercise": "an exercise that there is",
    "unknown_format": "bytes are a file, or are not",
    "unknown_parameter": "JSON has its own date and name, and is not told them",
}
# The same of values that are `invalid`, whatever is done: a text is not blank and has no NUL, and a time is of our time.
INVALID_ANYWHERE = r"must be text|must be at most \d+ texts|must be names of grips|no letters and no digits|must be a time since"
# And by operation, what is said of them.
INVALID_BEYOND_SCHEMAS = {
    "createPlan": "/(steps|text|date|name|sub_sport)",
    "replacePlan": "/(steps|text|date|name|sub_sport)",
    "replaceAthlete": "a date is there twice|must be a date from 1900|must be an IANA time zone|the name of a provider",
    "beginBackfill": "must be a date of the past",
    "mergeLog": "/id is needed, so that|^/date must be from 1900",
    "saveLog": "/id is needed, so that|^/date must be from 1900",
    "mergeLogOfDay": "/id is needed, so that|^/date must be from 1900",
    "saveLogOfDay": "/id is needed, so that|^/date must be from 1900",
    "logSet": "must say kg or lb where there is a weight",
    "logSets": "must say kg or lb where there is a weight|there twice",
    "changeSet": "must say kg or lb where there is a weight",
    "orderExercises": "is there twice",
    "register": "^/(display_name|password) ",
    "joinUsers": "^/display_name ",
    "receiveDelivery": "^/(laps|samples)",
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Tells refusals that no schema could foretell from those that one should have."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    try:
        problem = response.json()
    except ValueError:
        return True
    if problem.get("code") == "invalid":
        operation = case.operation.definition.raw.get("operationId")
        # JSON Schema calls 1.0 an integer, and one of any size.
        if re.search(r"invalid type: floating point `-?(\d+\.0|[\d.]+e\+?\d+)`, expected [iu]\d+", problem["detail"]):
            return False
        expected = [INVALID_ANYWHERE, INVALID_BEYOND_SCHEMAS.get(operation, INVALID_ANYWHERE)]
        return not any(re.search(words, problem["detail"]) for words in expected)
    return problem.get("code") not in BEYOND_SCHEMAS


class Signed(requests.auth.AuthBase):
    """Signs a delivery as the generic provider does, so that its body is read and not only its signature."""

    def __call__(self, request):
        key = base64.b64decode(ENDPOINT["webhook_secret"].removeprefix("whsec_"))
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        sent = f"fuzz-{time.monotonic_ns()}", str(int(time.time()))
        message = ".".join(sent).encode() + b"." + body
        signature = base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
        request.headers.update(
            {"webhook-id": sent[0], "webhook-timestamp": sent[1], "webhook-signature": f"v1,{signature}"}
        )
        return request


# Who may leave.
SOMEBODY = {"email": "somebody@example.test", "password": "correct horse battery staple", "display_name": "Somebody"}


class Mine:
    """Things of the athlete's, so that ids name something."""

    def __init__(self):
        self.recording = pathlib.Path("tests/fixtures/activities/strength_fr965.fit").read_bytes()
        # Made before others are refused as too many.
        self.leaver = self.post("/auth/register", json=SOMEBODY)["access_token"]
        self.known = {}

    def post(self, path, **body):
        """Makes one."""
        headers = {"Authorization": f"Bearer {ENDPOINT['token']}"}
        answer = requests.post(ENDPOINT["url"] + path, headers=headers, timeout=10, **body)
        answer.raise_for_status()
        return answer.json()

    def workout(self):
        """A workout of a file."""
        return self.post("/activities", data=self.recording)["workout_id"]

    def plan(self):
        """A plan."""
        plan = {"date": "2026-11-20", "sport": "run", "name": "Easy", "total_duration_s": 600}
        return self.post("/planned-workouts", json=plan)["planned_id"]

    def exercise(self):
        """An exercise of the catalogue."""
        headers = {"Authorization": f"Bearer {ENDPOINT['token']}"}
        answer = requests.get(ENDPOINT["url"] + "/exercises", headers=headers, timeout=10)
        return answer.json()["exercises"][0]["exercise_id"]

    def one(self, method, path):
        """The id of what a path is about; a new one for whoever destroys it."""
        for prefix, make in (
            ("/workouts/{id}", self.workout),
            ("/planned-workouts/{id}", self.plan),
            ("/exercises/{id}", self.exercise),
        ):
            if path == prefix or path.startswith(prefix + "/"):
                if prefix not in self.known:
                    self.known[prefix] = make()
                found = self.known[prefix]
                if method == "DELETE" and path == prefix:
                    del self.known[prefix]
                return found
        return None


MINE = Mine()
TURNS = itertools.count()


def is_right(case, location):
    """Whether what stands in one place of a request is as its schema says."""
    component = case.meta.components.get(location) if case.meta else None
    return component is not None and component.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes what only looks right be right, every other time: ids name something, files are files, and deliveries are
    signed. What a schema forbids is sent as it is."""
    operation = case.operation.definition.raw.get("operationId")
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    phase = case.meta.phase.name.value if case.meta else None
    turn = next(TURNS) % 2 == 0
    if operation == "receiveDelivery":
        headers = is_right(case, ParameterLocation.HEADER)
        if headers and case.path_parameters.get("provider") == "paceline":
            if isinstance(case.body, dict) and case.body.get("athlete"):
                case.body["athlete"] = ENDPOINT["athlete"]
            kwargs["auth"] = Signed()
        return
    if operation == "deactivateMe" and "Authorization" in case.headers:
        # The athlete stays.
        case.headers["Authorization"] = f"Bearer {MINE.leaver}"
        return
    if operation in ("createPlan", "replacePlan") and positive and case.media_type == "application/json":
        for name in ("date", "name"):
            case.query.pop(name, None)
    if operation == "uploadActivity" and positive and (turn or phase == "stateful"):
        case.body = MINE.recording
    # In what hangs together, ids come of the answers before.
    if turn and phase != "stateful" and is_right(case, ParameterLocation.PATH) and "id" in case.path_parameters:
        case.path_parameters["id"] = MINE.one(case.method.upper(), case.path) or case.path_parameters["id"]
