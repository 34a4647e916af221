# SPDX-License-Identifier: Apache-2.0
"""Tests the arguments, the output (text and JSON) and the exit status of `python3 -m report
artifact`. Folders are small. Packing and comparing are replaced by stubs in tests that are not
about them."""
import json
import os
import stat
import tarfile

import pytest

from report.artifact import archive, command, manifest, rebuild


@pytest.fixture
def folder(tmp_path):
    """Makes an artifact of two campaigns, with its list."""
    top = tmp_path / "artifact"
    for name in ("b", "a"):
        (top / "campaigns" / name).mkdir(parents=True)
        (top / "campaigns" / name / "campaign.json").write_text("{}")
    for path in (top, *top.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    manifest.write(top)
    (top / manifest.NAME).chmod(0o644)
    return top


def run(capsys, *words):
    """Returns (status, lines of standard output, standard error)."""
    status = command.main([str(word) for word in words])
    output = capsys.readouterr()
    return status, output.out.splitlines(), output.err


# ---- inspect --------------------------------------------------------------

def test_an_unchanged_folder_has_its_digest(capsys, folder):
    digest = manifest.digest(folder)
    assert run(capsys, "inspect", folder) == (0, [
        f"{folder}: as it was packed", f"digest: {digest}"], "")
    status, lines, _ = run(capsys, "inspect", folder, "--json")
    assert status == 0 and json.loads("\n".join(lines)) == {
        "folder": str(folder), "problems": [], "digest": digest,
        "campaigns": [str(folder / "campaigns/a"),
                      str(folder / "campaigns/b")]}


def test_a_changed_folder_has_no_digest(capsys, folder):
    (folder / "campaigns/a/campaign.json").write_text("{ }")
    wrong = ("campaigns/a/campaign.json: its sha256 differs from the listed one")
    assert run(capsys, "inspect", folder) == (1, [wrong], "")
    status, lines, _ = run(capsys, "inspect", folder, "--json")
    assert status == 0 and json.loads("\n".join(lines)) == {
        "folder": str(folder), "problems": [wrong], "digest": None,
        "campaigns": []}


def test_a_file_is_unpacked_into_the_given_folder(capsys, folder, tmp_path):
    file, into = tmp_path / "a.tar.gz", tmp_path / "into"
    archive.pack(str(folder), str(file), 7)
    into.mkdir()
    status, lines, _ = run(capsys, "inspect", file, "--into", into)
    assert (status, lines[0]) == (0, f"{file}: as it was packed")
    assert manifest.digest(into / "artifact") == manifest.digest(folder)
    status, lines, _ = run(capsys, "inspect", file)
    assert (status, lines) == (1, [
        f"{file} is a file; add --into DIR to unpack it"])


# ---- again ----------------------------------------------------------------

@pytest.mark.parametrize("problems,notes,status", [
    ([], [], 0), ([], ["a note"], 0), (["x", "y"], ["a note"], 1)])
def test_differences_are_listed_before_the_count(capsys, monkeypatch,
                                                 problems, notes, status):
    found = rebuild.Rebuilt(problems, notes, 7, "c")
    monkeypatch.setattr(rebuild, "all_again", lambda path: found)
    assert run(capsys, "again", "DIR") == (status, [
        *problems, *notes, "7 files of pages and tables have the same bytes, "
        f"{len(problems)} differ"], "")
    done, lines, _ = run(capsys, "again", "DIR", "--json")
    assert done == 0 and json.loads("\n".join(lines)) == {
        "problems": problems, "notes": notes, "same": 7, "commit": "c"}


# ---- pack -----------------------------------------------------------------

def test_packing_ends_with_the_file_and_its_digest(capsys, monkeypatch,
                                                   folder, tmp_path):
    seen = []
    monkeypatch.setattr(command, "complete", lambda path, epoch: seen.append(
        (path, epoch)) or (2, 5))
    out = tmp_path / "out.tar.gz"
    status, lines, _ = run(capsys, "pack", folder, out, "--epoch", 1700000000)
    assert status == 0 and seen == [(folder, 1700000000)]
    size = out.stat().st_size / 1e6
    assert lines == [f"artifact: {out}: 2 campaigns, 5 claims, "
                     f"{size:.1f} MB", f"digest: {manifest.digest(folder)}"]
    with tarfile.open(out) as tar:
        assert {member.mtime for member in tar} == {1700000000}
    run(capsys, "pack", folder, out)
    assert seen[1] == (folder, 0)


@pytest.mark.parametrize("words", [
    ("pack", "DIR"), ("inspect", "DIR", "OUT"), ("again", "DIR", "OUT"),
    ("mend", "DIR"), ("pack", "DIR", "OUT", "--epoch", "x"), ("inspect",)])
def test_invalid_arguments_are_rejected(capsys, words):
    with pytest.raises(SystemExit) as ended:
        command.main(list(words))
    assert ended.value.code == 2 and capsys.readouterr().err


def test_unlistable_entries_are_status_two(capsys, monkeypatch, folder,
                                           tmp_path):
    monkeypatch.setattr(command, "complete", lambda path, epoch: (1, 1))
    (folder / "a -> b").write_text("")
    status, _, error = run(capsys, "pack", folder, tmp_path / "out")
    assert status == 2 and "SHA256SUMS cannot contain this name" in error
    assert not (tmp_path / "out").exists()


# ---- modes and links in the file ------------------------------------------

def test_programs_folders_and_links_come_out_as_they_went_in(tmp_path):
    """Permissions that a umask removed are not kept."""
    top, into = tmp_path / "t", tmp_path / "into"
    (top / "below").mkdir(parents=True)
    into.mkdir()
    for name, mode in (("run", 0o700), ("text", 0o600)):
        (top / name).write_text(name * 9)
        (top / name).chmod(mode)
    (top / "below/link").symlink_to("../text")
    archive.pack(top, tmp_path / "f", 0)
    held = os.umask(0o077)
    try:
        out = archive.unpack(tmp_path / "f", into)
    finally:
        os.umask(held)
    modes = {name: stat.S_IMODE(os.stat(os.path.join(out, name)).st_mode)
             for name in ("run", "text", "below")}
    assert modes == {"run": 0o755, "text": 0o644, "below": 0o755}
    assert os.readlink(os.path.join(out, "below/link")) == "../text"
    with open(os.path.join(out, "run"), encoding="utf-8") as file:
        assert file.read() == "run" * 9
