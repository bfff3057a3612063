"""Which addresses count as public."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esteio.upstream.addresses import is_public, literal

NOT_PUBLIC = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.9", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1"),
    *("2001:0:7f00:1::", "2002:7f00:1::", "2002:808:808::1", "2001:20::1", "3fff::1", "5f00::1", "4000::1"),
    *("fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1"),
    *("2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1", "2620:4f:8000::1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2a00:1450:4001:800::200e", "2606:4700::1111")
CARRYING_PUBLIC = ("::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_refused(text: str) -> None:
    """Private, local, reserved, documented, multicast, translated and metadata addresses are not public."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", (*PUBLIC, *CARRYING_PUBLIC))
def test_public(text: str) -> None:
    """What the Internet routes is public, also a public IPv4 address in the clothes of a translator."""
    assert is_public(ip_address(text))


@given(st.integers(0, 2**32 - 1))
def test_no_disguise_makes_an_address_public(number: int) -> None:
    """What is not public as IPv4 is not public mapped, compatible, by NAT64, 6to4, Teredo or ISATAP."""
    address = IPv4Address(number)
    disguises = (
        0xFFFF << 32 | number,
        number,
        0x64_FF9B << 96 | number,
        0x64_FF9B_0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x2001_0000 << 96 | number ^ 0xFFFF_FFFF,
        0x2A00_1450 << 96 | 0x5EFE << 32 | number,
    )
    for disguise in disguises:
        assert is_public(address) or not is_public(IPv6Address(disguise)), IPv6Address(disguise)


@pytest.mark.parametrize(
    "text",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "017700000001",
        "[::ffff:127.0.0.1]",
        "127.0.0.1",
        "127.0.0.1.",
    ],
)
def test_every_spelling_is_read(text: str) -> None:
    """Spellings that resolvers take for 127.0.0.1 are read as that."""
    assert literal(text) == ip_address("127.0.0.1")


@pytest.mark.parametrize("text", ["example.org", "a.b", "1.2.3.4.example", "0x7g.1", ""])
def test_names_are_names(text: str) -> None:
    """A name is not taken for an address."""
    assert literal(text) is None
