"""
huggingface_hub's side of the shared cache in plain Python, written from the cache's documented layout: what it writes,
what it reads, and what it says offline. Run as a process beside ours.

  read CACHE REPO REVISION            -> {"path": "sha256 of the bytes"} of the snapshot, or {"error": ...}
  offline CACHE REPO REVISION         -> {"snapshot": ...} or {"missing": [...]} by trees/<commit>.json
  busy CACHE REPO COMMIT SOURCE LINKS ROUNDS  downloads every file of SOURCE ROUNDS times, reading after each
"""
import hashlib
import json
import os
import re
import sys
import uuid

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def folder_of(cache, repo):
    return os.path.join(cache, "models--" + "--".join(repo.split("/")))


def commit_of(storage, revision):
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    try:
        with open(os.path.join(storage, "refs", revision)) as ref:
            return ref.read()
    except OSError:
        return None


def files_below(root):
    for at, _, names in os.walk(root):
        for name in names:
            path = os.path.join(at, name)
            yield os.path.relpath(path, root).replace(os.sep, "/"), path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(cache, repo, revision):
    storage = folder_of(cache, repo)
    commit = commit_of(storage, revision)
    if commit is None:
        return {"error": "no ref"}
    snapshot = os.path.join(storage, "snapshots", commit)
    if not os.path.isdir(snapshot):
        return {"error": "no snapshot"}
    return {path: digest(full) for path, full in files_below(snapshot)}


def offline(cache, repo, revision):
    storage = folder_of(cache, repo)
    commit = commit_of(storage, revision)
    if commit is None:
        return {"error": "no ref"}
    snapshot = os.path.join(storage, "snapshots", commit)
    try:
        with open(os.path.join(storage, "trees", commit + ".json")) as tree:
            listed = json.load(tree)
    except OSError:
        return {"snapshot": snapshot}
    if listed["format_version"] != 1:
        return {"snapshot": snapshot}
    for entry in listed["files"].values():
        assert re.fullmatch(r"[0-9a-f]{40}", entry["blob_id"])
        assert ("lfs_sha256" in entry) == ("lfs_size" in entry)
        assert re.fullmatch(r"[0-9a-f]{64}", entry.get("xet_hash", "0" * 64))
    missing = [path for path in listed["files"] if not os.path.isfile(os.path.join(snapshot, path))]
    return {"missing": sorted(missing)} if missing else {"snapshot": snapshot}


def download(cache, repo, commit, path, data, links):
    storage = folder_of(cache, repo)
    if len(data) >= 4000:  # what LFS would hold
        etag = hashlib.sha256(data).hexdigest()
    else:
        etag = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    blob = os.path.join(storage, "blobs", etag)
    pointer = os.path.join(storage, "snapshots", commit, path)
    os.makedirs(os.path.dirname(blob), exist_ok=True)
    os.makedirs(os.path.dirname(pointer), exist_ok=True)
    ref = os.path.join(storage, "refs", "main")
    os.makedirs(os.path.dirname(ref), exist_ok=True)
    temporary = ref + "." + uuid.uuid4().hex[:8] + ".tmp"
    with open(temporary, "w") as file:
        file.write(commit)
    os.replace(temporary, ref)
    locks = os.path.join(cache, ".locks", os.path.basename(storage))
    os.makedirs(locks, exist_ok=True)
    with open(os.path.join(locks, etag + ".lock"), "w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(pointer):
            return
        if not os.path.exists(blob):
            incomplete = blob + "." + uuid.uuid4().hex[:8] + ".incomplete"
            with open(incomplete, "wb") as file:
                for start in range(0, len(data), 512):
                    file.write(data[start : start + 512])
                    file.flush()
            os.replace(incomplete, blob)
        if not links:
            os.replace(blob, pointer)
            return
        target = os.path.relpath(blob, os.path.dirname(pointer))
        try:
            os.symlink(target, pointer)
        except FileExistsError:
            assert os.path.realpath(pointer) == os.path.realpath(blob), pointer


def busy(cache, repo, commit, source, links, rounds):
    wanted = dict(files_below(source))
    right = {path: digest(full) for path, full in wanted.items()}
    wrong = []
    print("started", flush=True)
    for turn in range(int(rounds)):
        for path, full in wanted.items():
            with open(full, "rb") as file:
                download(cache, repo, commit, path, file.read(), links == "links")
        for path, found in read(cache, repo, "main").items():
            if right.get(path) != found:
                wrong.append([turn, path])
    return {"wrong": wrong}


commands = {"read": read, "offline": offline, "busy": busy}
print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))
