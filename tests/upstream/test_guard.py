"""Which URLs are refused before anything is connected."""

import pytest

from esteio.upstream.guard import Guard, UrlRefused
from esteio.upstream.settings import UpstreamSettings

REFUSED = (
    *("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com/hook", ""),
    *(
        "http://",
        "http:///path",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://@example.com/",
    ),
    *("http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/"),
    *("http://127.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    *("http://[64:ff9b::7f00:1]/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/"),
    *("http://[fe80::1%25eth0]/", "http://10.0.0.8/", "http://[::]/", "http://0.0.0.0/", "http://localhost/"),
    *(
        "http://LOCALHOST:8080/",
        "http://localhost./",
        "http://a.localhost/",
        "http://router.local/",
        "http://intranet/",
    ),
    *(
        "http://metadata.google.internal/",
        "https://example.com:25/",
        "https://example.com:0/",
        "https://example.com:22/",
    ),
    *(
        "https://example.com:70000/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/\r\nx: y",
    ),
    *("https://example.com\\@127.0.0.1/", "https://ex\u00e4mple.com/", "http://\uff11\uff12\uff17.0.0.1/"),
    *("https://example.com/" + "x" * 2048, "http://127.0.0.1%2f.example.com/", "https://example.com:80:80/"),
)
TAKEN = (
    *(
        "https://example.com/hook",
        "http://example.com:8080/hook?a=b&c=%20",
        "https://xn--exmple-cua.com/",
        "https://8.8.8.8/",
    ),
    *("https://[2606:4700::1111]/hook", "https://a.b.c.example.com.:8443/"),
)


@pytest.mark.parametrize("url", REFUSED)
def test_refused(url: str) -> None:
    """What is no plain http or https URL of a public host is refused, however it is written."""
    with pytest.raises(UrlRefused):
        Guard(UpstreamSettings()).url(url)


@pytest.mark.parametrize("url", TAKEN)
def test_taken(url: str) -> None:
    """Ordinary URLs pass; where their names lead is looked at later."""
    assert Guard(UpstreamSettings()).url(url).host


def test_networks_and_hosts_can_be_allowed() -> None:
    """An operator may open private networks and single hosts, whatever form their address has."""
    guard = Guard(UpstreamSettings(allowed_networks=("127.0.0.0/8", "fd12::/32"), allowed_hosts=("localhost",)))
    for url in ("http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://[fd12::1]/", "http://localhost/"):
        assert guard.url(url)
    for url in ("http://10.0.0.1/", "http://intranet/", "http://[::1]/"):
        with pytest.raises(UrlRefused):
            guard.url(url)


def test_what_is_refused_is_not_allowed() -> None:
    """Refused networks are refused, public or allowed."""
    settings = UpstreamSettings(refused_networks=("8.8.8.0/24", "127.0.0.9"), allowed_networks=("127.0.0.0/8",))
    for url in ("http://8.8.8.8/", "http://127.0.0.9/"):
        with pytest.raises(UrlRefused):
            Guard(settings).url(url)


def test_settings_say_what_they_take() -> None:
    """A network that is none is refused at the start."""
    with pytest.raises(ValueError, match=r"10\.1\.0\.0/16"):
        UpstreamSettings(allowed_networks=("ten",))
