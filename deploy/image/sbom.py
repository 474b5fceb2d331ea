"""The image's bill of materials: SPDX 2.3, one package for Saker and one for each Debian package that a file came from."""

import hashlib
import os
import re
import subprocess


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def owners_on_host(paths):
    """{path: (package, version, architecture)} of files of installed packages."""
    # dpkg knows a library by the name it had before /lib moved into /usr.
    names = [name for path in paths for name in (path, path.removeprefix("/usr"))]
    done = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True)
    packages = {}
    for line in done.stdout.splitlines():
        package, _, name = line.partition(": ")
        packages[name] = package.split(",")[0]
    show = ["dpkg-query", "-W", "-f", "${binary:Package} ${Package} ${Version} ${Architecture}\n", *sorted(set(packages.values()))]
    shown = subprocess.run(show, check=True, capture_output=True, text=True).stdout
    facts = {line.split()[0]: tuple(line.split()[1:]) for line in shown.splitlines()}
    found = {}
    for path in paths:
        package = packages.get(path) or packages.get(path.removeprefix("/usr"))
        if package is None:
            raise LookupError(f"no Debian package has {path}")
        found[path] = facts.get(package) or facts[package.split(":")[0]]
    return found


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
