"""AH, and ESP inside AH, as Scapy makes and opens them.

stdin: a JSON list of {"packet", "mode", "outer", "layers": [{"protocol", "spi", "sequence", "integrity", "key",
"encryption", "encryptionKey", "mode", "source", "target", "high"}, ..]}, the inner layer first; or with "sealed" instead of "packet".
stdout: a JSON list of what was sealed or opened, or of an error's text, in hex.
"""
import json
import sys

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH, ESP, SecurityAssociation

INTEGRITY = {
    "hmac-sha1-96": "HMAC-SHA1-96",
    "hmac-sha2-256-128": "SHA2-256-128",
    "hmac-sha2-384-192": "SHA2-384-192",
    "hmac-sha2-512-256": "SHA2-512-256",
    "aes-cmac-96": "AES-CMAC-96",
}
ENCRYPTION = {"aes-gcm-16": "AES-GCM", "aes-cbc": "AES-CBC", "null": "NULL"}


def ip(packet):
    return (IP if packet[0] >> 4 == 4 else IPv6)(packet)


def association(layer):
    options = {}
    if layer["mode"] == "tunnel":
        header = IPv6 if ":" in layer["source"] else IP
        options["tunnel_header"] = header(src=layer["source"], dst=layer["target"])
    if layer.get("integrity"):
        options["auth_algo"] = INTEGRITY[layer["integrity"]]
        options["auth_key"] = bytes.fromhex(layer["key"])
    if layer["protocol"] == "esp":
        options["crypt_algo"] = ENCRYPTION[layer["encryption"]]
        options["crypt_key"] = bytes.fromhex(layer["encryptionKey"]) or None
    protocol = AH if layer["protocol"] == "ah" else ESP
    return SecurityAssociation(protocol, spi=layer["spi"], seq_num=layer["sequence"], **options)


def esn(layer):
    return {"esn_en": True, "esn": layer["high"]} if layer.get("high") else {}


def run(case):
    packet = ip(bytes.fromhex(case.get("packet") or case["sealed"]))
    if "packet" in case:
        for layer in case["layers"]:
            packet = ip(bytes(association(layer).encrypt(packet, **esn(layer))))
    else:
        for layer in reversed(case["layers"]):
            packet = ip(bytes(association(layer).decrypt(packet, **esn(layer))))
    return bytes(packet).hex()


def answer(case):
    try:
        return run(case)
    except Exception as error:
        return repr(error)


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
