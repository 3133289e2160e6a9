"""Tells from which address a request comes, where proxies of the court's stand in between."""

from ipaddress import ip_address

from aiohttp import web

from bot.settings import Network


def caller(request: web.Request, trusted: tuple[Network, ...]) -> str:
    """Returns the rightmost address that isn't a trusted proxy's: what stands left of it anybody may have written."""
    named = [one.strip() for one in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    at = request.remote or ""
    for before in reversed(named):
        if not is_among(at, trusted) or not _is_address(before):
            break
        at = before
    return at


def _is_address(said: str) -> bool:
    try:
        return bool(ip_address(said))
    except ValueError:
        return False


def is_among(address: str, trusted: tuple[Network, ...]) -> bool:
    """Tells whether the address is one of these networks'."""
    try:
        place = ip_address(address)
    except ValueError:
        return False
    place = getattr(place, "ipv4_mapped", None) or place
    return any(place in network for network in trusted)
