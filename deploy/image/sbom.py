"""The image's bill of materials: SPDX 2.3, one package for Saker and one for each Debian package that a file came from."""

import hashlib
import os
import re
import subprocess


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def owner_on_host(path):
    """(package, version, architecture) of the installed package that a file belongs to."""
    # dpkg knows a library by the name it had before /lib moved into /usr.
    for name in (path, path.removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            package = done.stdout.split(": ")[0].split(",")[0]
            show = ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}", package]
            return tuple(subprocess.run(show, check=True, capture_output=True, text=True).stdout.split())
    raise LookupError(f"no Debian package has {path}")


def spdx_id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def document(version, arch, created, ours, theirs):
    """ours: {path in the image: file}; theirs: {path in the image: (file, package, version, architecture)}."""
    files, packages, relations = [], {}, []
    saker = spdx_id("saker")
    packages[saker] = {
        "SPDXID": saker, "name": "saker", "versionInfo": version, "downloadLocation": "NOASSERTION",
        "licenseDeclared": "Apache-2.0", "licenseConcluded": "Apache-2.0", "copyrightText": "NOASSERTION",
        "filesAnalyzed": False,
    }
    for path, entry in sorted({**{p: (f, None) for p, f in ours.items()}, **theirs}.items()):
        source, owner = entry[0], saker
        if entry[1] is not None:
            _, name, package_version, package_arch = entry
            owner = spdx_id(f"deb-{name}-{package_arch}")
            packages[owner] = {
                "SPDXID": owner, "name": name, "versionInfo": package_version, "downloadLocation": "NOASSERTION",
                "licenseDeclared": "NOASSERTION", "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION",
                "filesAnalyzed": False, "supplier": "Organization: Debian",
                "externalRefs": [{
                    "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                    "referenceLocator": f"pkg:deb/debian/{name}@{package_version.replace('+', '%2B').replace(':', '%3A')}"
                                        f"?arch={package_arch}&distro=bookworm",
                }],
            }
        file_id = spdx_id("file-" + path)
        files.append({
            "SPDXID": file_id, "fileName": "." + path, "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": sha256(source)}],
        })
        relations.append({"spdxElementId": owner, "relationshipType": "CONTAINS", "relatedSpdxElement": file_id})
    digest = hashlib.sha256("".join(f["checksums"][0]["checksumValue"] for f in files).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"saker-{version}-{arch}", "documentNamespace": f"urn:saker:sbom:{arch}:{digest}",
        "creationInfo": {"created": created, "creators": ["Tool: saker-image-build"]},
        "packages": [packages[key] for key in sorted(packages)], "files": files,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": saker}, *relations],
    }


def copyright_file(package):
    return os.path.join("usr", "share", "doc", package, "copyright")
