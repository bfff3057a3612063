"""The order's page: where it is, and what its customer can do now."""

from decimal import Decimal
from html import escape

from esteio.mail.headers import clean
from esteio.services.petstory.addresses import order_page_path
from esteio.services.petstory.pages.frame import Drawn, figure, heading, link, paragraph
from esteio.services.petstory.pages.states import FAILED, MEANINGS, REFRESHED
from esteio.services.petstory.pages.words import WORDS, Words
from esteio.services.petstory.schemas import CheckoutView, OrderView
from esteio.services.petstory.states import PHOTO_REFUSED
from esteio.services.petstory.story.days import written_day

_SIGNS = {"BRL": "R$"}


def drawn_order(order: OrderView, token: str, *, prefix: str) -> Drawn:
    """`token` is the order's secret link, `prefix` the path of the public URL."""
    words = WORDS[order.language]
    name = clean(order.pet_name) or words.nameless
    title = words.book_of.format(name)
    state, next_step = MEANINGS[order.language][order.state]
    if order.state == "preview_failed" and order.reason not in (None, PHOTO_REFUSED):
        next_step = words.preview_again
    body = [heading(title), paragraph(words.number.format(str(order.id)[-8:].upper()), "quiet")]
    body += [f'<p class="lead" role="status">{escape(state)}</p>', paragraph(next_step)]
    if order.reason and order.state in FAILED:
        body.append(paragraph(words.reason.format(clean(order.reason)), "quiet"))
    body += [*_progress(order, words), *_doing(order, words)]
    pictures = _pictures(order, words, name, prefix)
    return Drawn(title, order.language, body, pictures, _refresh(order, token, prefix))


def _progress(order: OrderView, words: Words) -> list[str]:
    if order.progress is None:
        return []
    done, total = order.progress.done, order.progress.total
    said = escape(words.progress.format(done, total))
    return [f'<p><progress value="{done}" max="{total}">{said}</progress><br>{said}</p>']


def _doing(order: OrderView, words: Words) -> list[str]:
    """What there is to be done: pay, download, look."""
    done = []
    if order.checkout is not None:
        done.append(_paying(order.checkout, words, order.state == "payment_pending"))
    if order.book is not None:
        done.append(link(order.book.url, words.download, "act"))
        day = written_day(order.book.expires_at.date(), order.language)
        done.append(paragraph(words.kept_until.format(day), "quiet"))
    if order.tribute_url is not None:
        done.append(link(order.tribute_url, words.tribute))
    return done


def _paying(checkout: CheckoutView, words: Words, under_way: bool) -> str:
    """Where to pay; nobody whose payment is under way is pressed to pay once more."""
    if under_way:
        return link(checkout.url, words.pay_otherwise)
    return link(checkout.url, words.pay.format(money(checkout.amount, checkout.currency, words)), "act")


def money(amount: Decimal, currency: str, words: Words) -> str:
    """The amount as people write it."""
    return f"{_SIGNS.get(currency, currency)} {amount:.2f}".replace(".", words.decimal)


def _pictures(order: OrderView, words: Words, name: str, prefix: str) -> list[str]:
    """Whole ones for who has paid, watermarked ones before."""
    shown = [(art.picture or art.preview, words.picture if art.picture else words.preview, art) for art in order.arts]
    return [
        figure(f"{prefix}{path}", said.format(name, words.styles[art.style]), words.styles[art.style])
        for path, said, art in shown
        if path is not None
    ]


def _refresh(order: OrderView, token: str, prefix: str) -> str:
    """The page by its own address, without what Mercado Pago has added to it."""
    seconds = REFRESHED.get(order.state)
    if seconds is None:
        return ""
    return f'\n<meta http-equiv="refresh" content="{seconds};url={escape(prefix + order_page_path(token))}">'
