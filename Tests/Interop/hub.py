#!/usr/bin/env python3
"""Downloads and uploads with huggingface_hub, against the test server that HF_ENDPOINT names.

Tests/HubTests/InteropTests.swift runs it, to prove that the test server speaks the Hub's interface.
"""

import sys
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError


def refused(error, *arguments, **options):
    """Whether a download fails with this error."""
    try:
        hf_hub_download(*arguments, **options)
    except error:
        return True
    return False


def main(folder):
    snapshot = snapshot_download("owner/model")
    print(f"snapshot {snapshot}")
    assert refused(EntryNotFoundError, "owner/model", "missing.txt")
    assert refused(RepositoryNotFoundError, "owner/missing", "a.txt")
    assert refused(GatedRepoError, "owner/gated", "model_index.json", token=False)
    api = HfApi()
    for private in (False, True):
        name = "me/private" if private else "me/public"
        api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, commit_message="From Python")
    first = api.list_repo_files("me/public")
    assert sorted(first) == sorted([".gitattributes"] + [p.name for p in Path(folder).iterdir()]), first


main(sys.argv[1])
