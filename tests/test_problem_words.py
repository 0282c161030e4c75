"""Every refusal that a person can meet on a page has words in both languages."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
from pathlib import Path

import api
import db
import rooms
import tracker
from db.errors import Problem
from tests.npm_client import NODE

WEB = Path(__file__).parent.parent / "web"

# What no page of ours shows to anybody, and why.
NEVER_SEEN = {
    "problem": "the base class",
    "already_reviewed": "the pages know who has reviewed, and say so in their own words",
    "not_finished": "no page offers a review before the end",
    "no_receipt_yet": "no page asks for a receipt before the end",
    "reviews_closed": "the review form says it in its own words",
    "too_many_reviews": "the review form says it in its own words",
    "bad_signature": "a webhook's",
    "not_an_event": "a webhook's",
    "bad_trace": "the replay command's",
    "data_dir_in_use": "the command line's",
    "disk_full": "the command line's",
    "local_server": "the command line's",
    "local_server_failed": "the command line's",
    "http_refused": "a provider's answer, between servers",
    "http_unavailable": "a provider's answer, between servers",
    "socket_refused": "the Python client's",
    "socket_lost": "the Python client's",
    "unknown_event": "a client that speaks another protocol",
    "method_not_allowed": "a client that speaks another protocol",
    "heartbeat_refused": "the phone drops what cannot be kept and counts it",
    "not_ready": "asked by load balancers",
    "pages_not_built": "there is no page then",
}
# The pro's page has its words under names of its own.
SCRIPT = """
const codes = new Set();
for (const file of JSON.parse(process.argv[1])) {
  for (const catalogue of Object.values(await import(file))) {
    const { problems, problem, tooSlow, unmet, reason = {} } = catalogue;
    const { not_your_job } = reason;
    const ofPros = { ...problem, job_taken: tooSlow, guard_refused: unmet, not_your_job };
    const known = file.endsWith("/problems.ts") ? catalogue : (problems ?? (tooSlow ? ofPros : {}));
    for (const code of Object.keys(known)) codes.add(code);
  }
}
console.log(JSON.stringify([...codes]));
"""


def test_every_refusal_that_a_person_can_meet_has_words() -> None:
    unsaid = codes_of_the_server() - codes_with_words() - NEVER_SEEN.keys()
    assert not unsaid, f"say these in web/src/*/words/problems.ts, or why nobody meets them: {sorted(unsaid)}"


def test_no_words_are_kept_for_a_refusal_that_is_gone() -> None:
    known = codes_of_the_server()
    assert not (codes_with_words() - known - {"no_answer"}), "words for a code that the server has not"
    assert not (NEVER_SEEN.keys() - known), "a code that the server has not"
    assert not (NEVER_SEEN.keys() & codes_with_words()), "said, and listed as never seen"


def codes_of_the_server() -> set[str]:
    """The codes of all problems that are declared anywhere in the program."""
    for package in (api, tracker, rooms, db):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    ours = tuple(f"{package.__name__}." for package in (api, tracker, rooms, db))
    return {kind.code for kind in _below(Problem) if kind.__module__.startswith(ours)} | {Problem.code}


def _below(kind: type[Problem]) -> set[type[Problem]]:
    return {kind}.union(*(_below(narrower) for narrower in kind.__subclasses__()))


def codes_with_words() -> set[str]:
    """The codes that the pages' catalogues know; that each is in both languages is a test of `web/test`."""
    names = ("lib/problems.ts", "dispatch/words/problems.ts", "pro/words.ts", "track/words/*.ts")
    files = [file.as_uri() for name in names for file in (WEB / "src").glob(name)]
    argv = [str(NODE), "--input-type=module", "--eval", SCRIPT, json.dumps(files)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))
