//! The in-process embedder, over a tiny random model that each test writes to its own folder.

use std::collections::HashMap;
use std::path::Path;

use kai_indexer::embed::{EmbedError, Embedder, LocalModel};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;
use tokenizers::Tokenizer;

const HIDDEN: usize = 32;
const HEADS: usize = 4;
const MIDDLE: usize = 72;
const LAYERS: usize = 2;
const WINDOW: usize = 48;
const WORDS: [&str; 12] = ["zfs", "pool", "snap", "##shot", "##s", "disk", "send", "receive", "the", "of", "日", "caf"];

/// A model on disk, and the same weights in memory.
struct Tiny {
    folder: TempDir,
    weights: HashMap<String, Vec<f32>>,
    tokenizer: Tokenizer,
}

fn vocabulary() -> Vec<String> {
    let mut words: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned).to_vec();
    for letter in ('a'..='z').chain('0'..='9') {
        words.push(letter.to_string());
        words.push(format!("##{letter}"));
    }
    words.extend(['.', ',', '-', '/', '[', ']', '(', ')', '’'].map(String::from));
    words.extend(WORDS.map(str::to_owned));
    words
}

fn shapes(words: usize) -> Vec<(String, Vec<usize>)> {
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![words, HIDDEN]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![64, HIDDEN]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, HIDDEN]),
        ("embeddings.LayerNorm.weight".to_owned(), vec![HIDDEN]),
        ("embeddings.LayerNorm.bias".to_owned(), vec![HIDDEN]),
    ];
    for layer in 0..LAYERS {
        let mut push = |name: &str, outputs: usize, inputs: Option<usize>| {
            let name = format!("encoder.layer.{layer}.{name}");
            shapes.push((format!("{name}.weight"), inputs.map_or(vec![outputs], |inputs| vec![outputs, inputs])));
            shapes.push((format!("{name}.bias"), vec![outputs]));
        };
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            push(part, HIDDEN, Some(HIDDEN));
        }
        push("attention.output.LayerNorm", HIDDEN, None);
        push("intermediate.dense", MIDDLE, Some(HIDDEN));
        push("output.dense", HIDDEN, Some(MIDDLE));
        push("output.LayerNorm", HIDDEN, None);
    }
    shapes
}

fn write_weights(folder: &Path, shapes: &[(String, Vec<usize>)], weights: &HashMap<String, Vec<f32>>) {
    let bytes: Vec<Vec<u8>> =
        shapes.iter().map(|(name, _)| weights[name].iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let views = shapes
        .iter()
        .zip(&bytes)
        .map(|((name, shape), bytes)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("model.safetensors"), file).unwrap();
}

fn tiny() -> Tiny {
    let folder = tempfile::tempdir().unwrap();
    let vocabulary = vocabulary();
    let config = serde_json::json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": MIDDLE, "vocab_size": vocabulary.len(),
        "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let sentence = serde_json::json!({ "max_seq_length": WINDOW });
    std::fs::write(folder.path().join("sentence_bert_config.json"), sentence.to_string()).unwrap();
    let special: Vec<_> = vocabulary[..5]
        .iter()
        .enumerate()
        .map(|(id, content)| {
            serde_json::json!({"id": id, "content": content, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    let map: serde_json::Map<String, serde_json::Value> =
        vocabulary.iter().enumerate().map(|(id, word)| (word.clone(), id.into())).collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 20, "vocab": map},
    });
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();

    let shapes = shapes(vocabulary.len());
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let weights: HashMap<String, Vec<f32>> = shapes
        .iter()
        .map(|(name, shape)| {
            let middle = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            (name.clone(), (0..shape.iter().product()).map(|_| middle + 0.4 * next()).collect())
        })
        .collect();
    write_weights(folder.path(), &shapes, &weights);
    let tokenizer = Tokenizer::from_file(folder.path().join("tokenizer.json")).unwrap();
    Tiny { folder, weights, tokenizer }
}

impl Tiny {
    fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = self.tokenizer.encode(text, true).unwrap().get_ids().to_vec();
        if ids.len() > WINDOW {
            ids.truncate(WINDOW - 1);
            ids.push(3);
        }
        ids
    }

    fn row(&self, name: &str, row: usize) -> Vec<f64> {
        self.weights[name][row * HIDDEN..][..HIDDEN].iter().map(|value| f64::from(*value)).collect()
    }

    fn linear(&self, name: &str, rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (weights, bias) = (&self.weights[&format!("{name}.weight")], &self.weights[&format!("{name}.bias")]);
        let one = |row: &Vec<f64>| {
            let outputs = weights.chunks(row.len()).zip(bias);
            outputs.map(|(weights, bias)| dot(row, weights) + f64::from(*bias)).collect()
        };
        rows.iter().map(one).collect()
    }

    fn norm(&self, name: &str, rows: &mut [Vec<f64>]) {
        let (scale, shift) = (&self.weights[&format!("{name}.weight")], &self.weights[&format!("{name}.bias")]);
        for row in rows {
            let mean = row.iter().sum::<f64>() / HIDDEN as f64;
            let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / HIDDEN as f64;
            for (at, value) in row.iter_mut().enumerate() {
                *value = (*value - mean) / (variance + 1e-12).sqrt() * f64::from(scale[at]) + f64::from(shift[at]);
            }
        }
    }

    /// The model by its definition, one number at a time.
    fn reference(&self, text: &str) -> Vec<f64> {
        let mut states: Vec<Vec<f64>> = Vec::new();
        for (position, id) in self.ids(text).into_iter().enumerate() {
            let word = self.row("embeddings.word_embeddings.weight", id as usize);
            let place = self.row("embeddings.position_embeddings.weight", position);
            let kind = self.row("embeddings.token_type_embeddings.weight", 0);
            states.push((0..HIDDEN).map(|at| word[at] + place[at] + kind[at]).collect());
        }
        self.norm("embeddings.LayerNorm", &mut states);
        for layer in 0..LAYERS {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let query = self.linear(&name("attention.self.query"), &states);
            let key = self.linear(&name("attention.self.key"), &states);
            let value = self.linear(&name("attention.self.value"), &states);
            let width = HIDDEN / HEADS;
            let mut mixed = vec![vec![0.0; HIDDEN]; states.len()];
            for head in (0..HIDDEN).step_by(width) {
                for (row, out) in mixed.iter_mut().enumerate() {
                    let score = |other: &Vec<f64>| {
                        (head..head + width).map(|at| query[row][at] * other[at]).sum::<f64>() / (width as f64).sqrt()
                    };
                    let weights: Vec<f64> = key.iter().map(|other| score(other).exp()).collect();
                    let total: f64 = weights.iter().sum();
                    for (weight, value) in weights.iter().zip(&value) {
                        for at in head..head + width {
                            out[at] += weight / total * value[at];
                        }
                    }
                }
            }
            add(&mut states, &self.linear(&name("attention.output.dense"), &mixed));
            self.norm(&name("attention.output.LayerNorm"), &mut states);
            let mut middle = self.linear(&name("intermediate.dense"), &states);
            for value in middle.iter_mut().flatten() {
                *value *= normal_integral(*value);
            }
            add(&mut states, &self.linear(&name("output.dense"), &middle));
            self.norm(&name("output.LayerNorm"), &mut states);
        }
        let sums: Vec<f64> = (0..HIDDEN).map(|at| states.iter().map(|state| state[at]).sum()).collect();
        let length = sums.iter().map(|value| value * value).sum::<f64>().sqrt();
        sums.iter().map(|value| value / length).collect()
    }
}

fn dot(row: &[f64], weights: &[f32]) -> f64 {
    row.iter().zip(weights).map(|(a, b)| a * f64::from(*b)).sum()
}

fn add(states: &mut [Vec<f64>], change: &[Vec<f64>]) {
    for (state, change) in states.iter_mut().flatten().zip(change.iter().flatten()) {
        *state += change;
    }
}

/// The normal distribution's integral up to `x`, by its Taylor series about 0.
fn normal_integral(x: f64) -> f64 {
    if x.abs() > 7.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn texts() -> Vec<String> {
    let long = "send the snapshots of pool1/disk-2 (zfs). ".repeat(9);
    ["", "zfs", "the disk of the pool", "Café ’日 zfs", "receive [SEP] snapshot [MASK]x", &long]
        .into_iter()
        .chain(["q", "unknown ¤ sign", "a-b-c/d.e"])
        .map(str::to_owned)
        .collect()
}

#[test]
fn vectors_are_those_of_the_definition() {
    let tiny = tiny();
    let model = LocalModel::open_in_floats(tiny.folder.path()).unwrap();
    assert!(!model.in_bytes());
    // Packed and alone: a batch of many rows takes another product than a short text.
    let vectors = model.embed_blocking(&texts()).unwrap();
    for (text, packed) in texts().into_iter().zip(vectors) {
        let alone = model.embed_blocking(std::slice::from_ref(&text)).unwrap().remove(0);
        let want = tiny.reference(&text);
        for vector in [&packed, &alone] {
            let error = vector.iter().zip(&want).map(|(got, want)| (f64::from(*got) - want).abs()).fold(0.0, f64::max);
            assert!(error < 2e-5, "{text:?} is off by {error}");
        }
    }
}

#[test]
fn bytes_stay_close_to_the_definition() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    let vectors = model.embed_blocking(&texts()).unwrap();
    let cosines: Vec<f64> =
        texts().iter().zip(&vectors).map(|(text, vector)| dot(&tiny.reference(text), vector)).collect();
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    assert!(mean > 0.99, "the mean of {cosines:?} is {mean}");
}

#[test]
fn a_text_has_one_vector_whatever_it_is_packed_with() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    let many: Vec<String> = texts().into_iter().cycle().take(70).collect();
    let vectors = model.embed_blocking(&many).unwrap();
    assert_eq!(vectors.len(), many.len());
    for (text, vector) in many.iter().zip(&vectors) {
        let alone = model.embed_blocking(std::slice::from_ref(text)).unwrap().remove(0);
        assert!(alone.iter().zip(vector).all(|(a, b)| (a - b).abs() < 1e-5), "{text:?}");
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{text:?} has the length {length}");
    }
}

#[tokio::test]
async fn the_trait_gives_the_same_vectors_and_a_stable_id() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    let name = tiny.folder.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(model.id().name, format!("local:{name}"));
    assert_eq!(model.id().dimensions, HIDDEN);
    assert_eq!(model.id(), LocalModel::open(tiny.folder.path()).unwrap().id());
    assert_eq!(model.embed(texts()).await.unwrap(), model.embed_blocking(&texts()).unwrap());
    assert!(model.embed(Vec::new()).await.unwrap().is_empty());
}

#[test]
fn other_weights_have_another_digest() {
    let mut tiny = tiny();
    let before = LocalModel::open(tiny.folder.path()).unwrap().id().digest.clone();
    for value in tiny.weights.values_mut().flatten() {
        *value += 0.001;
    }
    write_weights(tiny.folder.path(), &shapes(vocabulary().len()), &tiny.weights);
    assert_ne!(LocalModel::open(tiny.folder.path()).unwrap().id().digest, before);
}

#[test]
fn a_short_text_is_one_piece() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    assert_eq!(model.windows("zfs", "the pool"), ["zfs\nthe pool"]);
    assert_eq!(model.windows("", "the pool"), ["the pool"]);
    assert_eq!(model.windows("zfs", "").len(), 1);
}

#[test]
fn long_texts_are_cut_at_lines() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    let text = "the disk of the pool of the zfs\n  send the disk\n".repeat(8);
    let pieces = model.windows("zfs", &text);
    assert!(pieces.len() > 1);
    for piece in &pieces {
        let body = piece.strip_prefix("zfs\n").unwrap();
        assert!(body.starts_with("the disk") || body.starts_with("  send"), "{body:?}");
        assert!(body.ends_with("zfs") || body.ends_with("disk"), "{body:?}");
    }
}

/// Opens the folder and gives the reason for which that failed.
fn refusal(folder: &Path) -> String {
    match LocalModel::open(folder).unwrap_err() {
        EmbedError::Model { folder: named, reason } => {
            assert_eq!(named, folder.display().to_string());
            reason
        }
        other @ (EmbedError::Server { .. } | EmbedError::Refused { .. }) => panic!("{other}"),
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_the_reason() {
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        let tiny = tiny();
        std::fs::remove_file(tiny.folder.path().join(file)).unwrap();
        assert!(refusal(tiny.folder.path()).contains(file));
    }
    for file in ["config.json", "tokenizer.json", "sentence_bert_config.json"] {
        let tiny = tiny();
        std::fs::write(tiny.folder.path().join(file), "{not json").unwrap();
        let reason = refusal(tiny.folder.path());
        assert!(reason.contains(file) && reason.contains("JSON"), "{reason}");
    }
    for length in [0, 4, 300, 5000] {
        let tiny = tiny();
        let path = tiny.folder.path().join("model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..length]).unwrap();
        let reason = refusal(tiny.folder.path());
        assert!(reason.contains("model.safetensors"), "{length}: {reason}");
    }
}

#[test]
fn fields_that_the_encoder_cannot_run_are_named() {
    for (from, to, field) in [
        ("\"gelu\"", "\"relu\"", "hidden_act"),
        ("\"bert\"", "\"t5\"", "model_type"),
        ("\"num_attention_heads\":4", "\"num_attention_heads\":5", "num_attention_heads"),
        ("\"num_hidden_layers\":2", "\"num_hidden_layers\":3", "encoder.layer.2.attention.self.query.weight"),
        ("\"intermediate_size\":72", "\"intermediate_size\":73", "encoder.layer.0.intermediate.dense.weight"),
        ("\"max_position_embeddings\":64", "\"max_position_embeddings\":16", "max_position_embeddings"),
    ] {
        let tiny = tiny();
        let path = tiny.folder.path().join("config.json");
        let config = std::fs::read_to_string(&path).unwrap();
        assert!(config.contains(from), "{from} in {config}");
        std::fs::write(&path, config.replace(from, to)).unwrap();
        let reason = refusal(tiny.folder.path());
        assert!(reason.contains(field), "{field}: {reason}");
    }
    let tiny = tiny();
    std::fs::create_dir(tiny.folder.path().join("1_Pooling")).unwrap();
    std::fs::write(tiny.folder.path().join("1_Pooling/config.json"), r#"{"pooling_mode_cls_token": true}"#).unwrap();
    assert!(refusal(tiny.folder.path()).contains("mean pooling"));
}

#[test]
fn weights_that_are_not_numbers_are_an_error_and_not_a_vector() {
    let mut tiny = tiny();
    tiny.weights.get_mut("encoder.layer.1.output.dense.bias").unwrap()[3] = f32::NAN;
    write_weights(tiny.folder.path(), &shapes(vocabulary().len()), &tiny.weights);
    for model in [LocalModel::open(tiny.folder.path()), LocalModel::open_in_floats(tiny.folder.path())] {
        let error = model.unwrap().embed_blocking(&texts()).unwrap_err();
        assert!(error.to_string().contains("not finite"), "{error}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => "[a-zA-Z0-9]{1,30}",
        2 => "[ \t\n\r.,/()\\[\\]-]{1,3}",
        2 => any::<char>().prop_map(String::from),
        1 => prop::sample::select(vec!["[SEP]", "[CLS]", "[MASK", "é", "e\u{301}", "日本", "\u{b}", "ﬁ", "’"]).prop_map(str::to_owned),
        2 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// Text of words that are small beside the window.
fn prose() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[a-z]{1,6}", Just("snapshots".to_owned()), Just("Café’".to_owned())];
    let gap = prop::sample::select(vec![" ", "\n", "\n\n  ", ". ", "-"]);
    prop::collection::vec((word, gap), 0..120)
        .prop_map(|parts| parts.into_iter().map(|(word, gap)| word + gap).collect())
}

#[test]
fn any_text_has_the_ids_of_the_tokenizer_file_and_a_vector() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    proptest!(ProptestConfig::with_cases(200), |(text in any_text())| {
        prop_assert_eq!(model.token_ids(&text), tiny.ids(&text));
        let vector = model.embed_blocking(std::slice::from_ref(&text)).unwrap().remove(0);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        prop_assert!((length - 1.0).abs() < 1e-5);
        prop_assert!(!model.windows(&text, &text).is_empty());
    });
}

#[test]
fn windows_cover_the_text_and_fit() {
    let tiny = tiny();
    let model = LocalModel::open(tiny.folder.path()).unwrap();
    let solid = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    proptest!(ProptestConfig::with_cases(100), |(context in prose(), text in prose())| {
        let pieces = model.windows(&context, &text);
        let mut covered = String::new();
        for piece in &pieces {
            prop_assert!(tiny.tokenizer.encode(piece.as_str(), true).unwrap().len() <= WINDOW, "{:?}", piece);
        }
        // Without a context the pieces are the text and nothing else.
        for piece in model.windows("", &text) {
            covered.push_str(&solid(&piece));
        }
        prop_assert_eq!(covered, solid(&text));
    });
}
