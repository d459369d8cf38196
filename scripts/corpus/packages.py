"""What Debian's packages carry: captures and rule sets, taken through apt with the machine's own sources."""

import pathlib
import re
import shutil
import subprocess
import tarfile

# Source packages: what of them is kept. A package whose archive a mirror lacks is named and left out.
SOURCES = {
    "tcpdump": r"/tests/.*\.(pcap|pcapng)$",
    "ndpi": r"/tests/.*\.(pcap|pcapng)$",
    "iptables": r"/extensions/lib[^/]*\.t$",
    "nftables": r"/tests/py/.*\.t$",
}
# Binary packages, for what no source package is needed for.
BINARIES = {
    "golang-github-google-gopacket-dev": r".*\.(pcap|pcapng)$",
    "nftables": r"/examples/.*\.nft$",
    "ufw": r"/iptables/.*\.rules$",
}


def apt_options(folder):
    """apt reads the machine's sources as sources of source packages; its lists stay in `folder`."""
    parts, lists = folder / "apt" / "sources", folder / "apt" / "lists"
    parts.mkdir(parents=True, exist_ok=True)
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    for path in pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"):
        text = re.sub(r"(?m)^Types:.*$", "Types: deb-src", path.read_text())
        (parts / path.name).write_text(text)
    plain = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*.list")]
    for path in plain:
        if path.exists():
            (parts / (path.stem + "-source.list")).write_text(re.sub(r"(?m)^deb\s", "deb-src ", path.read_text()))
    return [
        "-o",
        "Dir::Etc::sourcelist=/dev/null",
        "-o",
        f"Dir::Etc::sourceparts={parts}",
        "-o",
        f"Dir::State::lists={lists}",
        "-o",
        "Acquire::Retries=1",
        "-o",
        "Acquire::http::Timeout=20",
    ]


def has_archive(archives, name, pattern):
    return any(archives.glob(pattern.format(name)))


def fetch(folder):
    """Downloads what is not there yet; says of each package what came of it."""
    archives = (folder / "archives").resolve()
    archives.mkdir(parents=True, exist_ok=True)
    missing = [name for name in SOURCES if not has_archive(archives, name, "{}_*.orig.tar.*")]
    if missing and shutil.which("apt-get"):
        options = apt_options(folder.resolve())
        update = subprocess.run(["apt-get", *options, "update"], cwd=archives, capture_output=True, text=True)
        for name in missing if update.returncode == 0 else []:
            command = ["apt-get", *options, "source", "--download-only", name]
            subprocess.run(command, cwd=archives, capture_output=True, text=True)
    for name in BINARIES:
        if not has_archive(archives, name, "{}_*.deb") and shutil.which("apt-get"):
            subprocess.run(["apt-get", "download", name], cwd=archives, capture_output=True, text=True)
    for name in SOURCES:
        if not has_archive(archives, name, "{}_*.orig.tar.*"):
            print(f"corpus: no source archive of {name} to be had; its files are left out")
    for name in BINARIES:
        if not has_archive(archives, name, "{}_*.deb"):
            print(f"corpus: no package {name} to be had; its files are left out")


def members(archive):
    """The files of a source or binary package: name and bytes."""
    if archive.suffix == ".deb":
        process = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)
        tar = tarfile.open(fileobj=process.stdout, mode="r|")
    else:
        tar = tarfile.open(archive)
    with tar:
        for member in tar:
            if member.isfile():
                yield member.name, tar.extractfile(member).read()


def unpack(folder):
    """Lays the files out as PACKAGE/FILE under `captures` and `rules`; returns both folders."""
    archives, captures, rules = folder / "archives", folder / "captures", folder / "rules"
    wanted = [
        (archive, pattern) for name, pattern in SOURCES.items() for archive in archives.glob(f"{name}_*.orig.tar.*")
    ]
    wanted += [(archive, pattern) for name, pattern in BINARIES.items() for archive in archives.glob(f"{name}_*.deb")]
    for archive, pattern in wanted:
        mark = folder / "unpacked" / archive.name
        if archive.suffix == ".asc" or mark.exists():
            continue
        for name, data in members(archive):
            if re.search(pattern, name) and data:
                kind = captures if "pcap" in pathlib.Path(name).suffix else rules
                path = (
                    kind
                    / archive.name.split("_")[0]
                    / re.sub(r"^.*?/(tests|extensions|examples|iptables)/", "", name).replace("/", "+")
                )
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return captures, rules
