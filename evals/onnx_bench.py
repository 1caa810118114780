#!/usr/bin/env python3
"""Times a BERT-class sentence encoder through onnxruntime, for a comparison side by side.

usage: onnx_bench.py MODEL_DIR TEXTS.jsonl [--batch N] [--threads N] [--cache DIR] [--vectors FILE]

MODEL_DIR holds config.json, model.safetensors and tokenizer.json; TEXTS.jsonl has one object with a
"text" (or one string) a line. The model is written as an ONNX graph once, with the operators that
onnxruntime has fused kernels for, and kept under --cache. All texts are embedded in fp32: cut to 256
tokens, sorted by length, padded to the longest of their batch, mean pooling, unit length. Without
--batch, several sizes are tried on a sample and the fastest is taken. One JSON line goes to stdout.
"""
import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

NEEDED = {"numpy": "numpy", "onnx": "onnx", "onnxruntime": "onnxruntime", "tokenizers": "tokenizers",
          "safetensors": "safetensors"}


def need_modules():
    """Exits 3 and says what to install if a module is missing."""
    missing = []
    for module, package in NEEDED.items():
        try:
            __import__(module)
        except ImportError:
            missing.append(package)
    if missing:
        print("onnx_bench: missing Python modules; install them with: python3 -m pip install " + " ".join(missing),
              file=sys.stderr)
        sys.exit(3)


def export(folder, cache):
    """Writes the encoder as an ONNX graph (inputs: ids, mask; output: states), unless it is there."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text())
    weights_file = folder / "model.safetensors"
    key = hashlib.sha256()
    key.update((folder / "config.json").read_bytes())
    key.update(Path(__file__).read_bytes())
    with open(weights_file, "rb") as file:
        key.update(hashlib.file_digest(file, "sha256").digest())
    target = cache / f"encoder-{key.hexdigest()[:16]}.onnx"
    if target.exists():
        return target

    tensors = load_file(weights_file)
    prefix = "" if "embeddings.word_embeddings.weight" in tensors else "bert."
    nodes, constants = [], []

    def weight(name, value=None):
        value = tensors[prefix + name] if value is None else value
        constants.append(numpy_helper.from_array(value, name))
        return name

    def node(kind, inputs, output, **options):
        nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    def norm(name, source, output):
        return node("LayerNormalization", [source, weight(f"{name}.weight"), weight(f"{name}.bias")], output,
                    axis=-1, epsilon=config["layer_norm_eps"])

    def linear(name, source, output):
        matrix = weight(f"{name}.weight.t", tensors[f"{prefix}{name}.weight"].T.copy())
        product = node("MatMul", [source, matrix], f"{output}.product")
        return node("Add", [product, weight(f"{name}.bias")], output)

    import numpy as np
    position_rows = tensors[prefix + "embeddings.position_embeddings.weight"]
    position_rows = position_rows + tensors[prefix + "embeddings.token_type_embeddings.weight"][0]
    node("Gather", [weight("embeddings.word_embeddings.weight"), "ids"], "words")
    node("Shape", ["ids"], "length", start=1, end=2)
    node("Slice", [weight("positions", position_rows), weight("zero", np.array([0], np.int64)), "length",
                   weight("axis", np.array([0], np.int64))], "position")
    node("Add", ["words", "position"], "summed")
    state = norm("embeddings.LayerNorm", "summed", "embedded")
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        part = lambda kind, what: tensors[f"{prefix}{layer}.attention.self.{kind}.{what}"]
        matrix = np.concatenate([part(kind, "weight").T for kind in ("query", "key", "value")], axis=1)
        bias = np.concatenate([part(kind, "bias") for kind in ("query", "key", "value")])
        mixed = node("Attention", [state, weight(f"{layer}.qkv.weight", matrix.copy()), weight(f"{layer}.qkv.bias", bias), "mask"],
                     f"{layer}.mixed", domain="com.microsoft", num_heads=config["num_attention_heads"])
        change = linear(f"{layer}.attention.output.dense", mixed, f"{layer}.change")
        state = norm(f"{layer}.attention.output.LayerNorm", node("Add", [change, state], f"{layer}.sum"), f"{layer}.mid")
        middle = linear(f"{layer}.intermediate.dense", state, f"{layer}.wide")
        middle = node("Gelu", [middle], f"{layer}.gelu", approximate="none")
        change = linear(f"{layer}.output.dense", middle, f"{layer}.narrow")
        output = "states" if index + 1 == config["num_hidden_layers"] else f"{layer}.out"
        state = norm(f"{layer}.output.LayerNorm", node("Add", [change, state], f"{layer}.sum2"), output)

    graph = helper.make_graph(
        nodes, "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"]),
         helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "tokens"])],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "tokens", config["hidden_size"]])],
        constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 9
    cache.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=cache)
    os.close(handle)
    onnx.save(model, partial)
    os.replace(partial, target)
    return target


def main():
    parser = argparse.ArgumentParser(description="Times a sentence encoder through onnxruntime.")
    parser.add_argument("model", type=Path, help="folder with config.json, model.safetensors, tokenizer.json")
    parser.add_argument("texts", type=Path, help="one JSON object with a text, or one string, a line")
    parser.add_argument("--batch", type=int, help="texts in a batch (default: the fastest of several)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads for onnxruntime and the tokenizer")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "onnx_bench", help="where the ONNX graph is kept")
    parser.add_argument("--vectors", type=Path, help="write the vectors there, raw little-endian f32")
    options = parser.parse_args()
    need_modules()
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"

    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    path = export(options.model, options.cache)
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()

    with open(options.texts, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    texts = [row if isinstance(row, str) else row["text"] for row in rows]

    def embed(texts, batch):
        encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
        order = sorted(range(len(encoded)), key=lambda index: len(encoded[index]))
        vectors = [None] * len(texts)
        for start in range(0, len(order), batch):
            chosen = order[start:start + batch]
            longest = max(len(encoded[index]) for index in chosen)
            ids = np.zeros((len(chosen), longest), np.int64)
            mask = np.zeros((len(chosen), longest), np.int32)
            for row, index in enumerate(chosen):
                ids[row, :len(encoded[index])] = encoded[index]
                mask[row, :len(encoded[index])] = 1
            states = session.run(["states"], {"ids": ids, "mask": mask})[0]
            weights = mask[:, :, None].astype(np.float32)
            means = (states * weights).sum(axis=1) / weights.sum(axis=1)
            means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
            for row, index in enumerate(chosen):
                vectors[index] = means[row]
        return np.array(vectors, np.float32)

    embed(texts[:8], 8)
    batch = options.batch
    if batch is None:
        sample = texts[:: max(1, len(texts) // 96)][:96]
        timed = []
        for size in (1, 4, 8, 16, 32):
            start = time.perf_counter()
            embed(sample, size)
            timed.append((time.perf_counter() - start, size))
        batch = min(timed)[1]
    start = time.perf_counter()
    vectors = embed(texts, batch)
    seconds = time.perf_counter() - start
    if options.vectors:
        vectors.astype("<f4").tofile(options.vectors)
    print(json.dumps({"texts": len(texts), "seconds": round(seconds, 4), "per_second": round(len(texts) / seconds, 2),
                      "threads": options.threads, "batch": batch, "version": onnxruntime.__version__}))


if __name__ == "__main__":
    main()
