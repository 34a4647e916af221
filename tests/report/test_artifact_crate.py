# SPDX-License-Identifier: Apache-2.0
"""Tests that ro-crate-metadata.json is valid RO-Crate 1.1. rdflib reads it as JSON-LD, and its
graph is checked against the rules of the specification.

The definition of the terms is on a server, so TERMS lists the allowed terms. Without such a list,
unknown terms would be ignored.
"""
import json
import re
import sys

import pytest

import report_helpers
from report.artifact import crate, rebuild
from report.artifact.contents import Packed
from report.artifact.guide import About
from report.load.decode import decode
from report_helpers import TOP

# The package is from Debian; the Python that runs this test may lack it.
rdflib = pytest.importorskip("rdflib", reason="python3-rdflib is not installed")

SCHEMA = "http://schema.org/"
TERMS = {t: SCHEMA + t for t in (
    "CreativeWork", "Dataset", "Organization", "SoftwareSourceCode", "about",
    "author", "dateCreated", "datePublished", "description", "encodingFormat",
    "hasPart", "keywords", "license", "name", "programmingLanguage",
    "version")}
TERMS |= {"File": SCHEMA + "MediaObject",
          "conformsTo": "http://purl.org/dc/terms/conformsTo"}
BASE = "http://example.org/crate/"
ABOUT = decode(About, json.loads((TOP / ".zenodo.json").read_text()))


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """Returns the document of one synthetic campaign."""
    folder = tmp_path_factory.mktemp("crate") / "made-up"
    report_helpers.make_journal.make(folder, maps=["gomap_rw", "syncmap"],
                                     threads=[1])
    return crate.document(ABOUT, "2026-11-24", COMMIT, [Packed(folder)])


def graph_of(document):
    """Returns the graph that rdflib reads from the document."""
    used = {k for e in document["@graph"] for k in e if k[0] != "@"}
    assert used <= set(TERMS), used - set(TERMS)
    graph = rdflib.Graph()
    graph.parse(data=json.dumps(document | {"@context": TERMS}),
                format="json-ld", publicID=BASE, base=BASE)
    return graph


def node(name):
    return rdflib.URIRef(BASE + name)


def term(name):
    return rdflib.URIRef(TERMS[name])


def wrong_in(document):
    """Lists violations of the MUST rules of version 1.1."""
    graph, wrong = graph_of(document), []
    kind = rdflib.RDF.type
    file, root = node("ro-crate-metadata.json"), node("")
    if document["@context"] != "https://w3id.org/ro/crate/1.1/context":
        wrong.append("context")
    if (file, kind, term("CreativeWork")) not in graph:
        wrong.append("descriptor")
    if [str(o) for o in graph.objects(file, term("conformsTo"))] != [
            "https://w3id.org/ro/crate/1.1"]:
        wrong.append("conformsTo")
    if list(graph.objects(file, term("about"))) != [root]:
        wrong.append("about")
    if (root, kind, term("Dataset")) not in graph:
        wrong.append("root")
    for name in ("name", "description", "datePublished", "license"):
        if len(list(graph.objects(root, term(name)))) != 1:
            wrong.append(name)
    if not all(re.match(r"\d{4}-\d{2}-\d{2}", str(o)) for o in
               graph.objects(root, term("datePublished"))):
        wrong.append("day")
    data = {s for k in ("File", "Dataset")
            for s in graph.subjects(kind, term(k))} - {root}
    reached = set(graph.transitive_objects(root, term("hasPart"))) - {root}
    wrong += [f"not reached: {s}" for s in data - reached]
    for s in data:
        if not str(s).startswith(BASE) or ".." in str(s):
            wrong.append(f"no path: {s}")
        if not list(graph.objects(s, term("name"))):
            wrong.append(f"no name: {s}")
    wrong += [f"not described: {o}" for p in ("author", "license", "hasPart")
              for o in graph.objects(None, term(p))
              if not list(graph.objects(o, kind))]
    return wrong


def test_the_crate_keeps_the_rules_of_1_1(document):
    assert wrong_in(document) == []
    assert len(graph_of(document)) > 60


def test_a_campaign_is_a_part_with_its_journal(document):
    graph = graph_of(document)
    parts = set(graph.objects(node("campaigns/made-up/"), term("hasPart")))
    assert node("campaigns/made-up/trials.jsonl") in parts


def test_versions_are_found_by_older_python():
    found = rebuild.versions()
    assert found["python"] == sys.version.split()[0]
    assert set(found) == {"python", "numpy", "scipy", "matplotlib", "jinja2",
                          "zlib", "font", "gnuplot"}
