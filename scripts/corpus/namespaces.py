"""A client, a router and a server in namespaces of their own, and commands inside."""

import subprocess
import sys

NAMES = ("c", "r", "s")


def run(*words, text=None):
    return subprocess.run(words, input=text, capture_output=True, text=True)


def inside(namespace, *words, text=None):
    return run("ip", "netns", "exec", namespace, *words, text=text)


def need(done):
    if done.returncode != 0:
        sys.exit(f"corpus: {' '.join(done.args)}: {done.stderr.strip()}")


def lay():
    for name in NAMES:
        need(run("ip", "netns", "add", name))
        inside(name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")
        inside(name, "ip", "link", "set", "lo", "up")
    links = [
        ("c", "r0", 1, "192.0.2.1/30", "2001:db8:1::1/64"),
        ("r", "c0", 2, "192.0.2.2/30", "2001:db8:1::2/64"),
        ("r", "s0", 3, "203.0.113.1/30", "2001:db8:3::1/64"),
        ("s", "r0", 4, "203.0.113.2/30", "2001:db8:3::2/64"),
    ]
    need(run("ip", "-n", "c", "link", "add", "r0", "type", "veth", "peer", "name", "c0", "netns", "r"))
    need(run("ip", "-n", "s", "link", "add", "r0", "type", "veth", "peer", "name", "s0", "netns", "r"))
    for namespace, device, number, *addresses in links:
        need(run("ip", "-n", namespace, "link", "set", device, "address", f"02:00:00:00:00:0{number}", "up"))
        for address in addresses:
            need(run("ip", "-n", namespace, "addr", "add", address, "dev", device))
    for namespace, device, number, *addresses in links:
        other = links[[1, 0, 3, 2][number - 1]]
        for address in other[3:]:
            need(
                run(
                    "ip",
                    "-n",
                    namespace,
                    "neigh",
                    "add",
                    address.split("/")[0],
                    "lladdr",
                    f"02:00:00:00:00:0{other[2]}",
                    "dev",
                    device,
                )
            )
    inside("r", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    for namespace, gateways in (("c", ("192.0.2.2", "2001:db8:1::2")), ("s", ("203.0.113.1", "2001:db8:3::1"))):
        for gateway in gateways:
            need(run("ip", "-n", namespace, "route", "add", "default", "via", gateway))
    need(run("ip", "-n", "r", "route", "add", "198.18.0.0/15", "via", "203.0.113.2"))
    need(run("ip", "-n", "r", "-6", "route", "add", "2001:db8:2::/64", "via", "2001:db8:3::2"))
    need(run("ip", "-n", "s", "route", "add", "local", "198.18.0.0/15", "dev", "lo"))
    need(run("ip", "-n", "s", "-6", "route", "add", "local", "2001:db8:2::/64", "dev", "lo"))
