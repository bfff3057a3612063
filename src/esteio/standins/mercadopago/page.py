"""The pages that a buyer sees. They need no script and name nothing outside."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import Any

from esteio.standins.wire import HTML, Answer

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{width:100%;border-collapse:collapse}td,th{padding:.4rem;border-bottom:1px solid #ccc;text-align:left}"
    "button{display:block;width:100%;margin:.5rem 0;padding:.7rem;font:inherit;cursor:pointer}"
    "code{word-break:break-all}.note{color:#555}"
)
NOTE = "Ambiente de teste: nenhum dinheiro é movimentado."


def page(title: str, body: str, status: int = 200) -> Answer:
    """`body` is HTML; the title is text."""
    document = (
        f'<!DOCTYPE html>\n<html lang="pt-BR"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        f'<p class="note">{NOTE}</p></body></html>\n'
    )
    return Answer(status, document.encode(), HTML, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def words(text: str) -> str:
    """A paragraph of text."""
    return f"<p>{escape(text)}</p>"


def items(rows: list[dict[str, Any]], total: Decimal) -> str:
    lines = "".join(
        f"<tr><td>{escape(row['title'])}</td><td>{row['quantity']}</td><td>{reais(row['unit_price'])}</td></tr>"
        for row in rows
    )
    head = "<tr><th>Item</th><th>Quantidade</th><th>Preço</th></tr>"
    return f"<table>{head}{lines}<tr><th>Total</th><th></th><th>{reais(total)}</th></tr></table>"


def buttons(action: str, choices: Mapping[str, str]) -> str:
    """A form with a button for each choice: its value and its words."""
    inner = "".join(
        f'<button name="pay" value="{escape(value)}">{escape(label)}</button>' for value, label in choices.items()
    )
    return f'<form method="post" action="{escape(action)}">{inner}</form>'


def link(url: str, label: str) -> str:
    return f'<p><a href="{escape(url)}" rel="noreferrer">{escape(label)}</a></p>'


def reais(amount: Decimal) -> str:
    """R$ 1.234,50"""
    return "R$ " + f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
