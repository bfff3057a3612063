"""Wishes for tests: every choice there is, plain words and hostile ones."""

from collections.abc import Iterator
from itertools import combinations

from esteio.services.capsules.packs.catalogue import Choice, choice_of
from esteio.services.capsules.packs.pack import Pack, packs
from esteio.services.capsules.packs.wish import Wish

NAME = "Orders API"
DESCRIPTION = "Takes orders of a bakery and tells its customers."
REQUIREMENTS = ("Orders can be cancelled", "Every customer gets a receipt")
CONSTRAINTS = ("Data stay in the country",)

HOSTILE = {
    "quotes": 'a "b" \'c\' `d` """ \'\'\' "',
    "backslashes": 'a \\ b \\\\ c \\" d \\n e \\u0041 f \\',
    "lines": "one\ntwo\r\nthree\n\nfour\u2028five\u2029six\x85seven\x0beight\x0cnine",
    "jinja": "{{ 7 * 7 }} {% for x in y %}{% endraw %} {# comment #} {{ self }} ${{ github.token }}",
    "ends": '""" */ --> </script> ]]> #} %} }} */ \'); DROP TABLE items; -- $(id) `id` ${HOME} %s %(x)s {0}',
    "starts": "/* // # <!-- ; rem ::",
    "blocks": "# head\n- list\n1. one\n2) two\n> quote\n```\ncode\n```\n    indented\n| a | b |\n|---|---|\n---\n===",
    "markup": "<b>x</b> [a](b:c) ![d](e) **f** _g_ ~~h~~ `i` <http://j.k> &lt; &amp; [l][m]\n\n[m]: n\n<!--\n<script>",
    "yaml": "- a: b\n? c\n!tag &anchor *alias %YAML @at ~ null yes 0x10 : # x",
    "controls": "".join(map(chr, range(32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "directions": "\u202eevil\u202c \u2066iso\u2069 \u200eltr\u200frtl \u061c \ufeffbom \u200b zero שלום مرحبا",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇧🇷 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤️ 𝔘𝔫𝔦",
    "surrogates": "half \ud83d and \udc00 halves, \uffff \ufdd0 \U0010ffff",
    "long": "word " * 1000,
    "one word": "x" * 5000,
    "quotes of all kinds, many": "\"'`\\" * 1000,
    "wide": "漢" * 3000,
    "combining": "a" + "\u0301" * 2000,
    "empty": " \t\n ",
}


def choices(of: Pack) -> Iterator[Choice]:
    """Every choice of a pack: each set of the add-ons that it takes."""
    for size in range(len(of.addons) + 1):
        for addons in combinations(sorted(of.addons), size):
            yield choice_of(of, frozenset(addons))


def every_choice() -> list[Choice]:
    return [choice for pack in packs() for choice in choices(pack)]


def whole(of: Pack) -> Choice:
    """The choice of all add-ons."""
    return choice_of(of, of.addons)


def plain(choice: Choice, name: str = NAME) -> Wish:
    return Wish(name, DESCRIPTION, REQUIREMENTS, CONSTRAINTS, choice)


def label(choice: Choice) -> str:
    return "+".join((choice.base, *sorted(choice.addons)))
