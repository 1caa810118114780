#!/usr/bin/env python3
"""Fills a chromadb server with the passages that a kai service serves, and writes request files that
`kai-evals serving` sends to both.

usage: chroma_beside.py --kai URL --chroma HOST:PORT --queries FILE.jsonl --out FOLDER [--passages N]

The passages are those that kai finds for the queries (200 each, up to --passages); their vectors and
those of the queries come from kai's /v1/embeddings, so that both sides search the same vectors. The
queries are sent to chromadb as vectors: embedding them, which kai does itself, costs it nothing.
FILE.jsonl has one object with a "question" or "text" a line. FOLDER gets kai.jsonl and chroma.jsonl.
"""
import argparse
import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path


def fetch(url, body=None):
    """The JSON that a service answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def vectors(kai, texts):
    """The vectors of texts, in order."""
    found = []
    for at in range(0, len(texts), 64):
        answer = fetch(kai + "/v1/embeddings", {"model": "kai", "input": texts[at:at + 64]})
        found.extend(item["embedding"] for item in answer["data"])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kai", required=True)
    parser.add_argument("--chroma", required=True)
    parser.add_argument("--queries", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--passages", type=int, default=10000)
    options = parser.parse_args()
    try:
        import chromadb
    except ImportError:
        print("chroma_beside: install chromadb with: python3 -m pip install chromadb", file=sys.stderr)
        return 3
    lines = [json.loads(line) for line in options.queries.read_text().splitlines() if line.strip()]
    queries = [line.get("question") or line["text"] for line in lines]
    passages = {}
    for query in queries:
        found = fetch(f"{options.kai}/v1/search?limit=200&q={urllib.parse.quote(query)}")
        for hit in found["hits"]:
            passages.setdefault((hit["page"], hit["heading"], hit["text"]), hit)
        if len(passages) >= options.passages:
            break
    kept = list(passages.values())[:options.passages]
    print(f"{len(kept)} passages, {len(queries)} queries", file=sys.stderr)
    host, port = options.chroma.rsplit(":", 1)
    client = chromadb.HttpClient(host=host, port=int(port))
    collection = client.get_or_create_collection("kai", metadata={"hnsw:space": "cosine"})
    for at in range(0, len(kept), 512):
        some = kept[at:at + 512]
        texts = [hit["text"] for hit in some]
        collection.upsert(ids=[str(at + i) for i in range(len(some))], documents=texts,
                          embeddings=vectors(options.kai, texts),
                          metadatas=[{"page": hit["page"], "heading": hit["heading"]} for hit in some])
        print(f"\r{at + len(some)} of {len(kept)} are in chromadb", end="", file=sys.stderr)
    print(file=sys.stderr)
    where = f"http://{options.chroma}/api/v2/tenants/{client.tenant}/databases/{client.database}"
    query_url = f"{where}/collections/{collection.id}/query"
    options.out.mkdir(parents=True, exist_ok=True)
    with open(options.out / "kai.jsonl", "w") as ours, open(options.out / "chroma.jsonl", "w") as theirs:
        for query, vector in zip(queries, vectors(options.kai, queries)):
            url = f"{options.kai}/v1/search?limit=8&q={urllib.parse.quote(query)}"
            ours.write(json.dumps({"method": "GET", "url": url}) + "\n")
            body = {"query_embeddings": [vector], "n_results": 8, "include": ["documents", "metadatas", "distances"]}
            theirs.write(json.dumps({"method": "POST", "url": query_url, "body": body}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
