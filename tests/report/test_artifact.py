# SPDX-License-Identifier: Apache-2.0
"""Tests that an artifact can be rebuilt without a network, and that any changed bit, name, mode or
link is reported.

The seed is fixed; FLIPS=N flips N more bits.
"""
import os
import random
import re
import shutil
import subprocess

import made_artifact
import pytest
from made_artifact import TOP, flip, pack, unpack, verify

from report.artifact import archive, manifest, rebuild

FLIPS = int(os.environ.get("FLIPS", "0"))
pytestmark = [pytest.mark.long, pytest.mark.skipif(
        subprocess.run(["git", "rev-parse", "HEAD"], cwd=TOP, capture_output=True,
                       check=False).returncode != 0, reason="no git here")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Returns FILE, the output, the campaign, and the unpacked folder."""
    folder = tmp_path_factory.mktemp("artifact")
    campaign = made_artifact.campaign(folder / "quiet")
    shutil.copytree(TOP / "tests/fixtures/campaign", folder / "older")
    done = pack(folder / "a.tar.gz", campaign, folder / "older")
    assert done.returncode == 0, done.stderr
    return (folder / "a.tar.gz", done.stdout, campaign,
            unpack(folder / "a.tar.gz", folder / "u"))


@pytest.fixture
def small(tmp_path):
    """Makes a folder with one listed entry of each kind."""
    top = tmp_path / "small"
    (top / "below/empty").mkdir(parents=True)
    (top / "a").write_text("one\n")
    (top / "b").write_text("two\n")
    (top / "below/run").write_text("#!/bin/sh\n")
    (top / "below/link").symlink_to("../a")
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.name == "run"
                       else 0o644)
    manifest.write(top)
    assert manifest.problems(top) == []
    return top


# ---- content, and use on another machine ------------------------------------

def test_an_artifact_contains_what_its_guide_lists(made):
    _, printed, campaign, top = made
    assert {"ARTIFACT.md", "SHA256SUMS", "LICENSE", "LICENSES", "sources",
            "campaigns", "environment", "ro-crate-metadata.json",
            "CITATION.cff", "Makefile", "claims.tsv"} <= set(os.listdir(top))
    kept = top / "campaigns" / campaign.name
    assert (kept / "trials.jsonl").read_bytes() == (
        campaign / "trials.jsonl").read_bytes()
    assert not (kept / "lock").exists()
    assert (kept / "report/verdicts.json").exists()
    assert f"digest: {manifest.digest(top)}" in printed
    sums = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"],
                          cwd=top, capture_output=True, check=False)
    assert sums.returncode == 0, sums.stderr


@pytest.mark.parametrize("tool", ["java", "rust"])
def test_a_language_that_is_missing_is_left_out(tmp_path, made, tool):
    """Maps in a missing language are not built, and the artifact does not list its tools. Stubs
    that print an empty version represent a missing language."""
    for program, version in {"java": [("javac", "javac 1.0"), ("java", "")],
                             "rust": [("cargo", ""), ("rustc", "rustc 1.0")]
                             }[tool]:
        (tmp_path / program).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / program).chmod(0o755)
    done = pack(tmp_path / "a.tar.gz", made[2],
                PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    named = (unpack(tmp_path / "a.tar.gz", tmp_path / "u") /
             "environment/compiler.txt").read_text().splitlines()
    assert len(named) >= 4 and not [
        line for line in named if line.startswith(f"{tool} ")]


def test_claims_name_their_cells_and_the_expected_output(made):
    top = made[3]
    head, kick, *rows = [line.split("\t") for line in
                         (top / "claims.tsv").read_text().splitlines()]
    assert kick[0] == "kick" and rows[0][0] == "c001"
    row = dict(zip(head, rows[0]))
    cells = (top / row["cells"]).read_text().split()
    assert {name.split("/")[1] for name in cells} == {"gomap_rw", "rwlock_probe"}
    assert [name.split("/")[-1] for name in cells][-1] == "throughput"
    assert (top / row["plan"]).read_text().startswith("writes")
    assert " over " in row["expected"] and ", again between " in row["expected"]
    assert row["expected"] in (top / "ARTIFACT.md").read_text()
    done = subprocess.run([TOP / "runner/reviewer.sh", top, top.parent / "work", "c999"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ID=c999: expected one of kick c001" in done.stderr


def test_a_journal_without_checksums_is_marked(made):
    rows = [line.split(" | ") for line in (made[3] / "ARTIFACT.md")
            .read_text().splitlines()]
    sealed = {row[0].strip("| `"): row[6].strip(" |") for row in rows
              if len(row) == 7 and row[0].startswith("| `")
              and row[1][:2] == "20"}
    assert sealed == {"older": "**no**: older than checksums",
                      "quiet": "yes"}


def test_versions_are_those_of_the_packages(made):
    rows = (made[3] / "environment/packages.tsv").read_text().splitlines()
    listed = [line.split("\t")[:3] for line in rows[1:]]
    named = [line.split()[:3] for line in (TOP / ".ci/packages").read_text()
             .splitlines() if line[:1] != "#"]
    assert listed == named


def without_network():
    """Returns the prefix that runs a command without network access, or None."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        if subprocess.run([*words, "true"], capture_output=True,
                          check=False).returncode == 0:
            return words
    return None


def test_pages_are_rebuilt_without_a_network(made):
    words = without_network()
    if words is None:
        pytest.skip("unshare -n is not allowed here")
    clean = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
    done = subprocess.run([*words, "make", "-C", str(made[3]), "rebuild"],
                          capture_output=True, text=True, env=clean,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same bytes, 0 differ" in done.stdout
    assert manifest.problems(made[3]) == [], "it wrote into the artifact"


def test_verify_artifact_takes_a_file_and_a_published_digest(made, tmp_path):
    status, text = verify(made[0], "--digest", manifest.digest(made[3]))
    assert status == 0, text
    assert "older: 3 cells, 5 trials, complete; no checksum" in text
    assert re.search(r"quiet: \d+ cells, \d+ trials, complete$", text, re.M)
    assert f"digest: {manifest.digest(made[3])}" in text
    status, text = verify(made[3], "--digest", "0" * 64)
    assert status == 1
    assert "the artifact is intact, but not the published one: download it again" in text
    status, text = verify(tmp_path / "none")
    assert status == 2 and "No such file" in text


def test_a_table_that_does_not_match_the_data_is_reported(made, tmp_path):
    """Makes the pages again from the data. Such a change is found even if the hashes of the
    artifact were updated."""
    top = tmp_path / "artifact"
    shutil.copytree(made[3] / "campaigns", top / "campaigns", symlinks=True)
    shutil.copytree(made[3] / "environment", top / "environment")
    report = top / f"campaigns/{made[2].name}/report"
    cells = report / "tables/throughput.csv"
    cells.write_text(cells.read_text().replace("1024", "1025", 1))
    (report / "verdicts.json").write_text(
        (report / "verdicts.json").read_text().replace('"tied"', '"decided"'))
    (report / "more.csv").write_text("a\n")
    next((report / "tables").glob("*.tex")).unlink()
    wrong = "\n".join(rebuild.all_again(top).problems)
    for words in ("tables/throughput.csv: not what", "verdicts.json: not what",
                  "more.csv: cannot be made from the data", "the data produce it"):
        assert words in wrong, wrong


# ---- flips ------------------------------------------------------------------

def chosen_files(top):
    """Returns one file for each suffix in each top folder, so that every kind occurs."""
    kinds = {}
    for path in sorted(p for p in top.rglob("*") if p.is_file()
                       and not p.is_symlink() and p.stat().st_size):
        at = path.relative_to(top).parts[0]
        kinds.setdefault((at, path.suffix), []).append(path)
    return kinds


def test_one_flipped_bit_of_any_kind_of_file_is_found(made):
    rng = random.Random(20261124)
    kinds = chosen_files(made[3])
    assert len(kinds) > 25
    cases = [rng.choice(files) for files in kinds.values()]
    everything = [f for files in kinds.values() for f in files]
    cases += rng.choices(everything, k=FLIPS)
    for file in cases:
        bit = rng.randrange(8 * file.stat().st_size)
        flip(file, bit)
        found = manifest.problems(made[3])
        flip(file, bit)
        name = file.relative_to(made[3]).as_posix()
        assert found and (name == manifest.NAME or any(
            text.startswith(name) for text in found)), (name, bit)


def test_one_flipped_bit_of_the_packed_file_is_found(made, tmp_path):
    """Flips bits in headers, in data, in the bits that gzip's checksum does not cover, and in the
    seal."""
    file = tmp_path / "a.tar.gz"
    shutil.copy(made[0], file)
    rng, bits = random.Random(1), 8 * file.stat().st_size
    cases = list(range(80)) + [bits - 1 - 3 * i for i in range(60)]
    for bit in cases + [rng.randrange(bits) for _ in range(60 + FLIPS)]:
        flip(file, bit)
        with pytest.raises(archive.Damaged):
            archive.check_seal(file)
        flip(file, bit)
    archive.check_seal(file)
    seal = file.read_bytes()[-archive.SEAL_BYTES:]
    assert seal[3] == 0x10  # a gzip comment (RFC 1952); a file name would be 8
    flip(file, 8 * 4000 + 3)
    status, text = verify(file)
    assert status == 1 and "damaged" in text and "1 problem in" in text


def test_a_truncated_or_extended_file_is_reported(made, tmp_path):
    whole = made[0].read_bytes()
    for data in (b"", whole[:50], whole[:-1], whole[:-archive.SEAL_BYTES],
                 whole[:len(whole) // 2], whole + b"\0"):
        (tmp_path / "cut").write_bytes(data)
        with pytest.raises(archive.Damaged):
            archive.unpack(tmp_path / "cut", tmp_path)


# ---- names, modes, links ----------------------------------------------------

def swap(top):
    one, two = (top / "a").read_bytes(), (top / "b").read_bytes()
    (top / "a").write_bytes(two)
    (top / "b").write_bytes(one)


def to_link(top, target):
    (top / "a").unlink()
    (top / "a").symlink_to(target)


CHANGES = {
    "removed": (lambda top: (top / "a").unlink(), "a: listed, but missing"),
    "removed folder": (lambda top: (top / "below/empty").rmdir(),
                       "below/empty: listed, but missing"),
    "added": (lambda top: (top / "below/c").write_text(""),
              "below/c: present, but not listed"),
    "hidden": (lambda top: (top / ".c").write_text(""), ".c: there, and not"),
    "added folder": (lambda top: (top / "d").mkdir(mode=0o755),
                     "d: present, but not listed"),
    "renamed": (lambda top: (top / "a").rename(top / "c"),
                "c: present, but not listed (what a was)"),
    "swapped": (swap, "b: its sha256 differs from the listed one"),
    "cut": (lambda top: (top / "a").write_text("on"), "a: its sha256"),
    "made a program": (lambda top: (top / "a").chmod(0o755),
                       "a: a program, listed as a file"),
    "no program": (lambda top: (top / "below/run").chmod(0o644),
                   "below/run: a file, listed as a program"),
    "writable": (lambda top: (top / "a").chmod(0o666), "a: mode 666"),
    "setuid": (lambda top: (top / "below/run").chmod(0o4755),
               "below/run: mode 4755"),
    "a link": (lambda top: to_link(top, "b"), "a: a link -> b, listed as"),
    "a link out": (lambda top: to_link(top, "../../x"),
                   "a: a link to ../../x, outside of the artifact"),
    "a link to /": (lambda top: to_link(top, "/etc/passwd"),
                    "a: a link to /etc/passwd, outside of"),
    "another link": (lambda top: ((top / "below/link").unlink(),
                                  (top / "below/link").symlink_to("../b")),
                     "below/link: a link -> ../b, listed as a link -> ../a"),
    "a pipe": (lambda top: os.mkfifo(top / "p"), "p: neither a file"),
    "a name": (lambda top: (top / "x\n# y").write_text(""), "x\\n# y: a name"),
    "no list": (lambda top: (top / "SHA256SUMS").unlink(), "SHA256SUMS: No"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_of_a_folder_are_reported(small, change):
    act, words = CHANGES[change]
    act(small)
    wrong = manifest.problems(small)
    assert any(text.startswith(words) for text in wrong), wrong


def test_any_bit_of_the_list_itself_is_found(small):
    file = small / manifest.NAME
    for bit in range(8 * file.stat().st_size):
        flip(file, bit)
        assert manifest.problems(small), bit
        flip(file, bit)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], *sorted(lines[1:], reverse=True)]))
    assert manifest.problems(small)
    file.write_text("".join(lines) + "\n")
    assert manifest.problems(small)


def test_missing_permissions_come_from_a_umask(small):
    (small / "a").chmod(0o600)
    (small / "below/run").chmod(0o700)
    assert manifest.problems(small) == []


def test_only_the_digest_detects_a_changed_file_with_its_list(small):
    before = manifest.digest(small)
    (small / "a").write_text("another\n")
    manifest.write(small)
    assert manifest.problems(small) == []
    assert manifest.digest(small) != before


def test_a_link_to_the_outside_is_not_packed(small):
    (small / "out").symlink_to("../secret")
    with pytest.raises(manifest.Unlisted, match="outside of the artifact"):
        manifest.write(small)


# ---- the one file -----------------------------------------------------------

def test_the_same_folder_gives_the_same_bytes(small, tmp_path):
    """The bytes do not depend on the folder's owner, time and location."""
    archive.pack(small, tmp_path / "1", 1700000000)
    other = tmp_path / "elsewhere"
    shutil.copytree(small, other, symlinks=True)
    (other / "a").chmod(0o600)
    for path in other.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    archive.pack(other, tmp_path / "2", 1700000000)
    archive.pack(other, tmp_path / "3", 1700000001)
    one, two, three = ((tmp_path / n).read_bytes() for n in "123")
    assert one == two != three
    archive.unpack(tmp_path / "1", tmp_path)
    assert manifest.problems(tmp_path / "artifact") == []


def hostile(names):
    """Makes a sealed tar file of a folder, whose members have other names."""
    import io
    import tarfile
    sealed = archive.Sealed(io.BytesIO())
    with tarfile.open(mode="w|", fileobj=sealed) as tar:
        for name, target in names:
            member = tarfile.TarInfo(name)
            member.type = (tarfile.DIRTYPE if target is None else
                           tarfile.SYMTYPE if target else tarfile.REGTYPE)
            member.linkname, member.mode = target or "", 0o755
            tar.addfile(member, io.BytesIO())
    sealed.seal()
    return sealed.file.getvalue()


@pytest.mark.parametrize("names", [
    [("../x", "")], [("/x", "")], [("artifact", None), ("artifact/../x", "")],
    [("artifact", None), ("artifact/..", None), ("artifact/../x", "")],
    [("artifact", None), ("artifact/a", ""), ("artifact/a", "")],
    [("artifact", None), ("artifact/l", "/tmp"), ("artifact/l/x", "")],
    [("artifact", None), ("artifact/below/x", "")]])
def test_names_in_the_file_cannot_leave_the_folder(tmp_path, names):
    (tmp_path / "f").write_bytes(hostile(names))
    (tmp_path / "into").mkdir()
    with pytest.raises(archive.Damaged):
        archive.unpack(tmp_path / "f", tmp_path / "into")
    assert {p.name for p in tmp_path.iterdir()} == {"f", "into"}


def in_a_child(act):
    """Calls act() in a separate process and returns its status."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(9)
    return os.waitpid(child, 0)[1]


def test_a_kill_or_a_full_disk_leaves_no_half_file(small, tmp_path):
    import resource
    import signal

    def killed():
        os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)
        archive.pack(small, tmp_path / "a", 0)

    assert in_a_child(killed) == signal.SIGKILL
    assert not (tmp_path / "a").exists()

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
        archive.pack(small, tmp_path / "a", 0)

    (tmp_path / "a").write_text("an older one")
    in_a_child(full)
    assert (tmp_path / "a").read_text() == "an older one"
    assert not list(tmp_path.glob("a.*new"))


# ---- rejected inputs --------------------------------------------------------

def test_incomplete_campaigns_are_rejected(made, tmp_path):
    out = tmp_path / "x.tar.gz"
    torn = tmp_path / "torn"
    shutil.copytree(made[2], torn)
    with open(torn / "trials.jsonl", "r+") as file:
        file.truncate(3000)
    linked = tmp_path / "linked"
    shutil.copytree(made[2], linked)
    (linked / "topology.svg").unlink(missing_ok=True)
    (linked / "topology.svg").symlink_to("/etc/passwd")
    twice = tmp_path / "below" / made[2].name
    shutil.copytree(made[2], twice)
    for folders, status, words in (
            ([], 2, "expected CAMPAIGNS="), ([tmp_path / "no"], 2, "no such"),
            ([torn], 1, "not a complete campaign"),
            ([linked], 2, "topology.svg: a link"),
            ([made[2], twice], 2, "the artifact already has a campaign of that name")):
        done = pack(out, *folders)
        assert (done.returncode, words in done.stderr) == (status, True), \
            done.stderr
    assert not out.exists()
