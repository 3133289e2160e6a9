"""Tells from which address a request comes, where proxies of the court's stand in between."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web

Network = IPv4Network | IPv6Network


def networks(said: str) -> tuple[Network, ...]:
    """Reads addresses and networks with commas between: 127.0.0.1, 172.16.0.0/12. Raises ValueError."""
    return tuple(ip_network(one.strip(), strict=False) for one in said.split(",") if one.strip())


def caller(request: web.Request, trusted: tuple[Network, ...]) -> str:
    """Returns the rightmost address that isn't a trusted proxy's: what stands left of it anybody may have written."""
    named = [one.strip() for one in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    at = request.remote or ""
    for before in reversed(named):
        if not _is_among(at, trusted) or not _is_address(before):
            break
        at = before
    return at


def _is_address(said: str) -> bool:
    try:
        return bool(ip_address(said))
    except ValueError:
        return False


def _is_among(address: str, trusted: tuple[Network, ...]) -> bool:
    try:
        place = ip_address(address)
    except ValueError:
        return False
    place = getattr(place, "ipv4_mapped", None) or place
    return any(place in network for network in trusted)
