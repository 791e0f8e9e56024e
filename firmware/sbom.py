# SPDX-License-Identifier: MIT
"""What a distribution is made of, as a CycloneDX document: sources with checksums, and models.

The same sources give the same document, byte for byte: no time of day, a serial number made from the content.
"""

import hashlib
import json
import uuid

LICENCES = {
    "micropython": "MIT",
    "mbedtls": "Apache-2.0",
    "pico-sdk-source": "BSD-3-Clause",
    "tinyusb-source": "MIT",
    "esp-idf": "Apache-2.0",
}


def component(name, version, sha256=None, licence=None, kind="library", purl=None):
    entry = {"type": kind, "bom-ref": f"{name}@{version}", "name": name, "version": version}
    if licence:
        entry["licenses"] = [{"license": {"id": licence}}]
    if purl:
        entry["purl"] = purl
    if sha256:
        entry["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    return entry


def sources(facts, pins):
    """Components of one firmware. facts: its firmware.json, with `sources` as the build found them."""
    found = []
    for source in facts.get("sources", []):
        name, version = source["name"], source["version"]
        sha256 = source.get("sha256")
        purl = f"pkg:deb/debian/{name}@{version}" if sha256 and name in pins["sources"] else None
        found.append(component(name, version, sha256, LICENCES.get(name), purl=purl))
    for model in facts["models"]:
        entry = component(model["name"], model["crc32"], kind="machine-learning-model")
        found.append(entry)
    return found


def document(version, firmware, pins):
    """The document of a distribution. firmware: [(manifest entry, its firmware.json)]."""
    parts = {}
    dependencies = []
    for entry, facts in firmware:
        name = f"arena8-{facts['board']}"
        own = component(name, version, entry["sha256"], "MIT", kind="firmware")
        inside = [component("arena8", version, licence="MIT"), *sources(facts, pins)]
        for item in [own, *inside]:
            parts[item["bom-ref"]] = item
        dependencies.append(
            {"ref": own["bom-ref"], "dependsOn": sorted({item["bom-ref"] for item in inside})}
        )
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component("arena8-dist", version, licence="MIT", kind="application")},
        "components": sorted(parts.values(), key=lambda item: item["bom-ref"]),
        "dependencies": sorted(dependencies, key=lambda item: item["ref"]),
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return {"serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}", **body}
