"""IP fragments as Scapy makes and joins them.

stdin: a JSON list of {"cut": packet, "size": bytes of data in a fragment} or {"join": [fragment, ..]}, packets in hex.
stdout: a JSON list: the fragments of each, or the packet they make, in a list of their own.
"""
import json
import sys

from scapy.layers.inet import IP, defragment, fragment
from scapy.layers.inet6 import IPv6, defragment6


def ip(text):
    packet = bytes.fromhex(text)
    return (IP if packet[0] >> 4 == 4 else IPv6)(packet)


def join(fragments):
    packets = [ip(one) for one in fragments]
    if isinstance(packets[0], IPv6):
        return [defragment6(packets)]
    return [one for part in defragment(packets) for one in part]


def run(case):
    made = fragment(ip(case["cut"]), case["size"]) if "cut" in case else join(case["join"])
    return [bytes(one).hex() for one in made]


json.dump([run(case) for case in json.load(sys.stdin)], sys.stdout)
