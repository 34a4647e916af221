# SPDX-License-Identifier: Apache-2.0
"""Writes ro-crate-metadata.json, which describes the artifact to archives and search engines in
RO-Crate 1.1 (JSON-LD with the vocabulary of schema.org)."""
from collections.abc import Sequence
from pathlib import Path

from report.artifact.contents import Packed
from report.artifact.guide import About
from report.load import strict_json

Entity = dict[str, object]  # a JSON-LD object

NAME = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
SPDX = "https://spdx.org/licenses/"
KINDS = {".json": "application/json", ".md": "text/markdown",
         ".tsv": "text/tab-separated-values", ".jsonl": "application/jsonl",
         ".txt": "text/plain", ".html": "text/html"}
FILES = (  # name of a file in the top folder, and its description
    ("ARTIFACT.md", "Claims, commands, expected results, minutes, hardware"),
    ("SHA256SUMS", "Every name, its kind and the hash of its content"),
    ("claims.tsv", "The claims, in the form that the commands read"),
    ("Makefile", "Commands of a reviewer"),
    ("CITATION.cff", "How to cite the suite"))


def ref(name: object) -> Entity:
    """Returns a reference to an entity."""
    return {"@id": name}


def file_entity(name: str, description: str) -> Entity:
    """Describes a file."""
    return {"@id": name, "@type": "File", "name": name,
            "description": description,
            "encodingFormat": KINDS.get(Path(name).suffix, "text/plain")}


def campaign_entities(packed: Packed) -> list[Entity]:
    """Describes a campaign as a data set with its journal and page."""
    name, path, plan = packed.name, packed.path, packed.plan
    below = [p for p in ("campaign.json", "trials.jsonl", "stages.json",
                         "verdicts.json", "report/index.html",
                         "report/verdicts.json") if (path / p).exists()]
    base = f"campaigns/{name}/"
    whole: Entity = {"@id": base, "@type": "Dataset", "name": plan.name or name,
             "description": f"Campaign on machine {plan.machine.id}: one line for "
             "each trial in trials.jsonl, its page and tables in report/",
             "dateCreated": plan.created_utc[:19] + "Z",
             "hasPart": [ref(base + p) for p in below]}
    return [whole, *(file_entity(base + p, f"{p} of the campaign {name}")
                     for p in below)]


def people(about: About) -> list[Entity]:
    """Describes the authors."""
    return [{"@id": f"#creator-{i}", "@type": "Organization",
             "name": person.name}
            for i, person in enumerate(about.creators, 1)]


def document(about: About, day: str, commit: str, campaigns: Sequence[Packed]) -> Entity:
    """Builds the JSON-LD document; `day` has the form YYYY-MM-DD."""
    licence: Entity = {"@id": SPDX + about.license, "@type": "CreativeWork",
               "name": about.license,
               "description": "license of the suite; LICENSES/ has all texts"}
    authors = people(about)
    sources: Entity = {"@id": "sources/", "@type": ["Dataset", "SoftwareSourceCode"],
               "name": "Sources of Readmostly", "version": commit,
               "license": ref(licence["@id"]), "programmingLanguage": "C",
               "description": "git archive of the commit"}
    files = [file_entity(name, what) for name, what in FILES]
    files += [file_entity("environment/packages.tsv", "Versions of packages"),
              file_entity("environment/python.json", "Versions of libraries")]
    data = [e for packed in campaigns for e in campaign_entities(packed)]
    parts = [sources, *files, *(e for e in data if e["@type"] == "Dataset")]
    root: Entity = {"@id": "./", "@type": "Dataset", "name": about.title,
            "description": about.description, "datePublished": day,
            "license": ref(licence["@id"]), "version": about.version,
            "keywords": ", ".join(about.keywords),
            "author": [ref(a["@id"]) for a in authors],
            "hasPart": [ref(e["@id"]) for e in parts]}
    self: Entity = {"@id": NAME, "@type": "CreativeWork",
            "conformsTo": ref(PROFILE), "about": ref("./")}
    return {"@context": CONTEXT,
            "@graph": [self, root, licence, *authors, sources, *files, *data]}


def text(about: About, day: str, commit: str, campaigns: Sequence[Packed]) -> str:
    """Returns the content of the file."""
    return strict_json.dumps(document(about, day, commit, campaigns), indent=1,
                             ensure_ascii=False) + "\n"
