# SPDX-License-Identifier: Apache-2.0
"""How the linter reads back what the report prints (report/lint/say.py):
numbers to the digits that are there, names, mixes, and places. A reader that
takes too much sees no mistake, and no page that is right shows it."""
import math
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401
from test_lint_noise import rows_of

from report.lint import say

THIN, BLANK = "\u202f", "\u00a0"


# ---- numbers --------------------------------------------------------------

@pytest.mark.parametrize("text,true,same", [
    ("1.23", 1.2349, True), ("1.23", 1.235, True), ("1.23", 1.2351, False),
    ("1.23", 1.225, True), ("1.23", 1.2249, False), ("1.2", 1.249, True),
    ("12", 12.5, True), ("12", 12.51, False), ("0", 0.0, True),
    ("−0.50", -0.499, True), ("-0.50", -0.5, True), ("0.50", -0.5, False),
    (f"1{THIN}101", 1101.4, True), (f"1{THIN}101", 1102, False),
    ("1.0", None, False), ("1.0", math.inf, False), ("1.0", math.nan,
                                                     False)])
def test_a_printed_number_is_the_one_that_rounds_to_it(text, true, same):
    assert say.same(text, true) == same


@pytest.mark.parametrize("number,true,close", [
    (1.23457, 1.234567, True), (1.23457, 1.234575, True),
    (1.23457, 1.2345761, False), (123457.0, 123456.6, True),
    (123457.0, 123458.0, False), (0.00123457, 0.0012345671, True),
    (None, None, True), (None, 1.0, False), (1.0, None, False),
    (0.0, 0.0, True), (1e-9, 0.0, False), (-1.23457, -1.234567, True),
    (-1.23457, 1.234567, False),
    # ten digits are precise: these must be right to the twelfth
    (1.234567891, 1.234567891, True), (1.234567891, 1.2345678912, False),
    (1.23456789, 1.23456799, True)])
def test_a_number_of_a_file_has_six_digits(number, true, close):
    assert say.close(number, true) == close


@pytest.mark.parametrize("text,true,agrees", [
    ("", None, True), (None, "", True), ("0", None, False), ("", 0, False),
    ("a − b", "a - b", True), ("'=a", "=a", True), ("a", "b", False),
    ("True", True, True), ("False", True, False), ("1", True, False),
    ("7", 7, True), ("7.0", 7, False), ("8", 7, False),
    ("1234567", 1234567.0, True), ("1.23457e+06", 1234567.0, False),
    ("1.23457", 1.234567, True), ("1.2346", 1.234567, False),
    ("x", 1.5, False), ("abc", lambda text: text == "abc", True)])
def test_a_field_holds_a_value(text, true, agrees):
    assert say.agrees(text, true) == agrees


@pytest.mark.parametrize("text,true,printed", [
    ("a", "a", True), ("a", "b", False), ("1.50", 1.5, True),
    ("1.50 x", 1.5, False), ("x", 1.5, False), ("2", lambda t: t == "2",
                                                True)])
def test_a_value_is_printed(text, true, printed):
    assert say.printed(text, true) == printed


def test_a_text_has_a_form_with_its_values():
    form = "{} of {} ({} %)"
    assert say.told(f"1{THIN}000 of 2{THIN}000 (50{BLANK}%)", form, 1000,
                    2000, 50.0)
    for text in ("1 of 2 (51 %)", "1 of 3 (50 %)", "1 of 2 (50 %).",
                 "so 1 of 2 (50 %)"):
        assert not say.told(text, form, 1, 2, 50.0), text
    assert say.told("1 of 2 (50 %)", form, 1, 2, 50.0)
    assert say.part(0, 7) == ("{} of {}", (0, 7))
    assert say.part(2, 8) == (form, (2, 8, 25))


@pytest.mark.parametrize("parts,right", [
    (["a 1.50", "b x"], True), (["b x", "a 1.50"], True), (["a 1.50"], False),
    (["a 1.50", "b x", "c 1"], False), (["a 1.51", "b x"], False),
    (["a 1.50", "b x", "b x"], False), (["a 1.50", "bx"], False)])
def test_a_list_names_each_once(parts, right):
    assert say.listed(parts, {"a": 1.5, "b": "x"}) == right


def test_counts_of_a_list_are_read_one_by_one():
    assert say.each_count(f"2, 8 and 1{THIN}000") == [2, 8, 1000]
    assert say.cell("1.5") == 1.5
    assert say.cell("") is None and say.cell(None) is None


# ---- names, mixes, places -------------------------------------------------

def test_names_are_whole_and_the_longest():
    maps = ("a", "a_b", "go.x")
    assert say.names("a_b, a and go.x; (a)", maps) == [
        "a_b", "a", "go.x", "a"]
    assert say.names("xa a-b b/a a.c aa", maps) == ["a"]
    assert say.names("a", ()) == []


@pytest.mark.parametrize("text,mix", [
    (f"97{BLANK}% lookups, 3{BLANK}% updates", (0.03, "update")),
    ("50 % lookups, 50 % churn writes", (0.5, "churn")),
    ("99.9 % lookups, 0.1 % fresh writes", (0.001, "fresh")),
    ("lookups only", (0.0, None)), ("updates only", (1.0, "update")),
    ("fresh writes only", (1.0, "fresh")), ("3 % updates", None),
    ("nothing", None)])
def test_a_mix_is_a_share_and_a_kind(text, mix):
    found = say.mixes(f"x: {text}; y")
    assert found == (mix and (pytest.approx(mix[0]), mix[1]))


def test_a_mix_that_does_not_add_up_fits_no_place():
    share, kind = say.mixes("97 % lookups, 4 % updates")
    assert math.isnan(share) and kind == "update"
    assert not say.fits_mix({"write_share": 0.03, "write_kind": kind},
                            (share, kind))


@pytest.mark.parametrize("mix,fits", [
    ((0.03, "update"), True), ((0.03, None), True), ((0.03, "churn"), False),
    ((0.031, "update"), False), ((0.03 + 1e-10, "update"), True)])
def test_a_place_has_a_mix(mix, fits):
    place = {"write_share": 0.03, "write_kind": "update"}
    assert say.fits_mix(place, mix) == fits
    assert say.fits_mix(place | {"write_share": 0}, (0, "churn"))


@pytest.mark.parametrize("text,counts,keys", [
    ("1 thread, 1 key", 1, 1), ("16 threads, 64 Ki keys", 16, 65536),
    (f"1{THIN}000 threads, 10{THIN}000 keys", 1000, 10000),
    ("2 threads", 2, None), ("1.5 Mi keys", None, 3 << 19),
    ("2 Gi resident keys", None, 2 << 30), ("10 000 keys", None, 10000),
    ("2 threaded, no keys", None, None)])
def test_threads_and_keys_are_read(text, counts, keys):
    assert (say.counts(text), say.keys(text)) == (counts, keys)


@pytest.mark.parametrize("name,true,text,fits", [
    ("workload", "a", "b + a", True), ("workload", "a", "ab + b", False),
    ("presize", True, "True", True), ("presize", True, "1", False),
    ("keys", 64, "64", True), ("keys", 64, "65", False),
    ("write_share", 0.03, "0.0300000001", True), ("write_share", 0.03,
                                                  "0.0301", False),
    ("keys", 10 ** 7, "10000005", True), ("keys", 10 ** 7, "10000050",
                                          False),
    ("dist", "zipf:1", "zipf:1", True), ("dist", "zipf:1", "zipf:10",
                                         False)])
def test_a_column_fits_a_factor(name, true, text, fits):
    assert say.fits_factor(name, true, text) == fits


@pytest.fixture
def places(tmp_path):
    """Groups of two workloads, of which w is the usual one."""
    cells = [{}, {"threads": 4}, {"workload": "v"}, {"dist": "zipf:1"},
             {"dist": "zipf:2"}, {"presize": False}, {"keys": 9},
             {"write_kind": "churn"}]
    rows = rows_of(tmp_path, [], [c | {"id": f"{i}"}
                                  for i, c in enumerate(cells)])
    of = {id(g): next(iter(g.cells.values())).id for g in rows.groups}
    found = say.Places(rows, {"w"})

    def ids(groups):
        return "".join(of[id(g)] for g in groups)
    return Made(of=lambda text: ids(found.of(text)),
                of_row=lambda row: ids(found.of_row(row)))


@pytest.mark.parametrize("more,groups", [
    (", 64 keys", "0"), (", 64 keys, v", "2"), (", 64 keys, zipf:1", "3"),
    (", 64 keys, zipf:2, w", "4"), (", 64 keys, not presized", "5"),
    (", 9 keys", "6"), (", 8 keys", ""), ("", "06")])
def test_what_a_place_does_not_say_is_as_usual(places, more, groups):
    mix = "97 % lookups, 3 % updates"
    assert places.of(f"2 threads, {mix}{more}") == groups
    assert places.of(f"{mix}{more}") == places.of(f"2 threads{more}") == ""


def test_a_row_is_about_the_groups_that_fit_its_columns(places):
    assert places.of_row({"threads": "4"}) == "1"
    assert places.of_row({"keys": "9", "dist": ""}) == "6"
    assert places.of_row({"workload": "v + w", "dist": "uniform",
                          "keys": "64", "presize": "True", "threads": "2",
                          "write_kind": "update"}) == "02"
    assert places.of_row({"cell": "7", "threads": "99"}) == "7"
    assert places.of_row({"cell": "gone", "threads": "4"}) == "1"
    assert places.of({"threads": 4, "keys": 64}) == "1"
