"""Which files are pictures: by their endings, and for all others by how they begin."""

from __future__ import annotations

from pathlib import Path

from PIL import features

#: Endings that are read, and the part of Pillow that it takes; "" is always there.
READABLE = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), "jpg"),
    **dict.fromkeys((".png", ".apng", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".tga", ".pcx"), ""),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm", ".pfm"), ""),
    **dict.fromkeys((".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"), "jpg_2000"),
    **dict.fromkeys((".avif", ".avifs"), "avif"),
    ".webp": "webp",
}

#: Endings of pictures that are not read.
UNREADABLE = frozenset(
    {
        ".heic", ".heif", ".hif", ".heics", ".jxl", ".jxr", ".wdp", ".hdp", ".raw", ".cr2", ".cr3", ".crw",
        ".nef", ".nrw", ".arw", ".srf", ".sr2", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f",
        ".3fr", ".iiq", ".psd", ".psb", ".xcf", ".exr", ".hdr", ".svg", ".eps", ".ai", ".dcm", ".dicom",
        ".nii", ".nrrd", ".mhd", ".mha", ".svs", ".ndpi", ".czi", ".lif", ".nd2", ".fits", ".fit",
        ".ico", ".icns", ".npy", ".npz", ".qoi", ".sgi", ".flif", ".bpg"
    }
)  # fmt: skip

#: Endings of files that lie beside pictures and are none: not opened to see how they begin.
OTHERS = frozenset(
    {
        ".txt", ".json", ".jsonl", ".xml", ".csv", ".tsv", ".md", ".html", ".htm", ".yaml", ".yml", ".toml",
        ".py", ".pyc", ".ipynb", ".sh", ".ini", ".cfg", ".log", ".db", ".zip", ".tar", ".gz", ".tgz", ".bz2",
        ".xz", ".7z", ".rar", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".mat", ".pkl", ".pt", ".pth",
        ".safetensors", ".h5", ".parquet", ".xmp", ".aae", ".thm", ".wav", ".mp3", ".mp4", ".mov", ".avi",
        ".mkv", ".webm", ".tfrecord", ".lnk", ".url", ".css", ".js"
    }
)  # fmt: skip

#: Where a file of a kind says so: offset, bytes, name.
SIGNATURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF8", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (8, b"WEBP", "WebP"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"8BPS", "PSD"),
    (0, b"v/1\x01", "OpenEXR"),
    (128, b"DICM", "DICOM"),
)


def readable_suffixes() -> tuple[str, ...]:
    """The endings, in lower case, that this Pillow reads."""
    parts = {"", *features.get_supported()}
    return tuple(suffix for suffix, part in READABLE.items() if part in parts)


def kind_by_content(start: bytes) -> str:
    """The name of a picture's kind from the first 132 bytes of a file; "" if it is none that is known."""
    if start[:2] == b"BM" and start[6:10] == bytes(4):
        return "BMP"
    known = (name for offset, mark, name in SIGNATURES if start[offset : offset + len(mark)] == mark)
    return next(known, "")


def unread_kind(path: Path) -> str:
    """What to call a file whose ending is not read; "" if it is no picture."""
    suffix = path.suffix.lower()
    if suffix in UNREADABLE or suffix in READABLE:
        return suffix
    if suffix in OTHERS:
        return ""
    try:
        if not path.is_file():  # a pipe or a device would be waited for
            return ""
        with path.open("rb") as stream:
            kind = kind_by_content(stream.read(132))
    except OSError:  # a socket, or nothing that we may look into: no picture to miss
        return ""
    return f"{kind} ending in {suffix!r}" if kind and suffix else f"{kind} without an ending" * bool(kind)
