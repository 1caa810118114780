//! An utterance as pieces: phrases, values, objects of the host, names, and words that are not
//! understood. What the pieces mean together is decided elsewhere.

use super::inventory::Inventory;
use super::lexicon::{Class, Concept, Form, Hit, Lexicon};
use super::text::{Sep, Token, is_cjk};
use super::values::{self, Value};

/// Something that the host has, or that only a name of that form can be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A VM.
    Vm(String),
    /// A VM of another host whose replica lies here.
    Replica(String),
    /// A container.
    Container(String),
    /// A file system or volume.
    Dataset(String),
    /// A name of a dataset that is not there; its pool is.
    NewDataset(String),
    /// `dataset@name` or `vm@name`.
    Snapshot(String, String),
    /// `@name`.
    At(String),
    /// A pool.
    Pool(String),
    /// A WireGuard interface.
    Interface(String),
    /// A name like one that is not there: `wg7`.
    NewInterface(String),
    /// A peer: interface, name, key.
    Peer(String, String, String),
    /// A boot environment.
    BootEnv(String),
    /// A bridge.
    Bridge(String),
    /// A host for replicas.
    Host(String),
    /// `host:dataset`.
    Target(String),
    /// An operation in the journal.
    Op(String),
    /// A GPU by its number.
    Gpu(u32),
    /// A disk image that is there.
    Image(String),
    /// An installation medium that is there.
    Iso(String),
    /// A container image: `redis:7`.
    ContainerImage(String),
}

/// A piece of an utterance.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its first token, counted over the utterance.
    pub at: usize,
    /// As it was written.
    pub raw: String,
    /// Folded.
    pub low: String,
    /// What stands before it.
    pub sep: Sep,
    /// The quotation that it stands in.
    pub quote: Option<u16>,
    /// What its phrase stands for.
    pub hits: Vec<Hit>,
    /// What its form says.
    pub value: Option<Value>,
    /// What it names.
    pub objects: Vec<Object>,
    /// Whether it is claimed as a name by the word before it (`called …`).
    pub name: bool,
    /// Whether it means nothing by itself.
    pub filler: bool,
    /// Whether it ended in a possessive.
    pub possessive: bool,
    /// Whether a question mark follows.
    pub asks: bool,
}

impl Piece {
    /// Whether its phrase stands for that.
    #[must_use]
    pub fn is(&self, concept: &str) -> bool {
        self.hits.iter().any(|hit| hit.concept == concept)
    }

    /// Whether it stands for a mark of that name.
    #[must_use]
    pub fn marks(&self, concept: &str) -> bool {
        self.hits.iter().any(|hit| hit.class == Class::Mark && hit.concept == concept)
    }

    /// Its verbs.
    pub fn verbs(&self) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(|hit| hit.class == Class::Verb)
    }

    /// Whether it is a verb as orders have it.
    #[must_use]
    pub fn orders(&self) -> bool {
        self.verbs().any(|hit| matches!(hit.form, Form::Base | Form::Gerund))
    }

    /// Whether it was not understood, and may be a name.
    #[must_use]
    pub fn unknown(&self) -> bool {
        !self.filler && self.hits.is_empty() && self.value.is_none() && self.objects.is_empty()
    }

    /// Whether it looks like the name of an object rather than like a word.
    #[must_use]
    pub fn named_like(&self) -> bool {
        let raw = self.raw.as_str();
        raw.chars().any(|c| c.is_ascii_digit()) || raw.contains(['-', '_', '.', '/'])
    }
}

/// The objects that a token names, most particular first.
#[must_use]
pub fn objects(inventory: &Inventory, raw: &str) -> Vec<Object> {
    let mut out = Vec::new();
    let lower = raw.to_ascii_lowercase();
    let same = |name: &str| !name.is_empty() && (name == raw || name == lower);
    if let Some((left, right)) = raw.split_once('@')
        && !raw.contains("://")
    {
        if left.is_empty() {
            out.push(Object::At(right.to_owned()));
        } else {
            out.push(Object::Snapshot(left.to_owned(), right.to_owned()));
        }
        return out;
    }
    if let Some(vm) = inventory.vms.iter().find(|vm| same(&vm.name)) {
        out.push(Object::Vm(vm.name.clone()));
    }
    if let Some(replica) = inventory.replicas_here.iter().find(|replica| same(&replica.vm)) {
        out.push(Object::Replica(replica.vm.clone()));
    }
    if let Some(container) = inventory.containers.iter().find(|container| same(&container.name)) {
        out.push(Object::Container(container.name.clone()));
    }
    if let Some(pool) = inventory.pools.iter().find(|pool| same(&pool.name)) {
        out.push(Object::Pool(pool.name.clone()));
    }
    let trimmed = raw.trim_end_matches('/');
    if trimmed.contains('/') {
        if inventory.dataset(trimmed).is_some() {
            out.push(Object::Dataset(trimmed.to_owned()));
        } else if inventory.pool_of(trimmed).is_some() && !trimmed.contains(':') {
            out.push(Object::NewDataset(trimmed.to_owned()));
        }
    }
    for tunnel in &inventory.wireguard {
        if same(&tunnel.interface) {
            out.push(Object::Interface(tunnel.interface.clone()));
        }
        for peer in &tunnel.peers {
            if same(&peer.name) || super::text::fold(&peer.name) == super::text::fold(raw) || peer.public_key == raw {
                out.push(Object::Peer(tunnel.interface.clone(), peer.name.clone(), peer.public_key.clone()));
            }
        }
    }
    let numbered =
        lower.strip_prefix("wg").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    if numbered && out.is_empty() {
        out.push(Object::NewInterface(raw.to_owned()));
    }
    if let Some(found) = inventory.boot_environments.iter().find(|found| same(&found.name) || found.dataset == raw) {
        out.push(Object::BootEnv(found.name.clone()));
    }
    if let Some(bridge) = inventory.bridges.iter().find(|bridge| same(bridge)) {
        out.push(Object::Bridge(bridge.clone()));
    }
    let hosts = inventory.dr_hosts.iter().map(|host| host.name.as_str());
    let sources = inventory.replicas_here.iter().filter_map(|replica| replica.from.split(':').next());
    let mut hosts: Vec<&str> = hosts.chain(sources).collect();
    hosts.dedup();
    if let Some(host) = hosts.iter().find(|host| same(host) || host.split('.').next() == Some(lower.as_str())) {
        out.push(Object::Host((*host).to_owned()));
    }
    if let Some((host, dataset)) = raw.split_once(':')
        && dataset.starts_with(|c: char| c.is_ascii_alphabetic())
        && !raw.contains("://")
        && (dataset.contains('/') || hosts.contains(&host))
        && !host.contains('/')
    {
        out.push(Object::Target(raw.to_owned()));
    }
    let op = lower.strip_prefix("op-").is_some_and(|rest| !rest.is_empty());
    if op || inventory.journal.iter().any(|entry| same(&entry.op)) {
        out.push(Object::Op(lower.clone()));
    }
    for gpu in &inventory.gpus {
        let model = gpu.name.to_ascii_lowercase();
        let word =
            lower.len() >= 3 && lower.chars().any(|c| c.is_ascii_digit()) && model.split(' ').any(|part| part == lower);
        let digits = lower.len() >= 4
            && lower.bytes().all(|b| b.is_ascii_digit())
            && model.split(|c: char| !c.is_ascii_digit()).any(|part| part == lower);
        let joined = lower.len() >= 5 && model.replace(' ', "").ends_with(&lower);
        if word || digits || joined || gpu.uuid.eq_ignore_ascii_case(raw) {
            out.push(Object::Gpu(gpu.index));
        }
    }
    let file = |path: &String| path == raw || (raw.len() > 6 && path.rsplit('/').next() == Some(raw));
    if let Some(path) = inventory.images.iter().find(|path| file(path)) {
        out.push(Object::Image(path.clone()));
    }
    if let Some(path) = inventory.isos.iter().find(|path| file(path)) {
        out.push(Object::Iso(path.clone()));
    }
    if out.is_empty() && container_image(raw) {
        out.push(Object::ContainerImage(raw.to_owned()));
    }
    out
}

/// Whether a token can only be an image of containers.
fn container_image(raw: &str) -> bool {
    if !raw.is_ascii() || raw.starts_with('/') || raw.starts_with('-') || raw.contains("://") || raw.contains("..") {
        return false;
    }
    let allowed = raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/:@".contains(&b));
    let tagged = raw.rsplit_once(':').is_some_and(|(name, tag)| {
        !tag.contains('/') && !tag.is_empty() && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() > 1
    });
    let path = raw.contains('/')
        && raw.split('/').all(|part| !part.is_empty())
        && raw.starts_with(|c: char| c.is_ascii_alphabetic());
    allowed && (tagged || path) && !raw.ends_with(':')
}

/// The pieces of some tokens.
#[must_use]
pub fn pieces(lexicon: &Lexicon, inventory: &Inventory, tokens: &[Token]) -> Vec<Piece> {
    let languages = lexicon.languages(tokens);
    let named: Vec<Vec<Object>> = tokens.iter().map(|token| objects(inventory, &token.raw)).collect();
    let mut typos = vec![false; tokens.len()];
    let mut words: Vec<String> = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let known = !named[at].is_empty()
            || lexicon.is_word(&token.low, &languages)
            || lexicon.is_plain(&token.low)
            || token.low.chars().any(is_cjk);
        let mended = if known { None } else { lexicon.spelt(&token.low, &languages) };
        typos[at] = mended.is_some();
        words.push(mended.unwrap_or_else(|| token.low.clone()));
    }
    // Where the sentence of each token ends: one pass from the back.
    let mut limits = vec![tokens.len(); tokens.len()];
    let mut limit = tokens.len();
    for at in (0..tokens.len()).rev() {
        limits[at] = limit;
        if tokens[at].sep == Sep::Stop {
            limit = at;
        }
    }
    let mut maker = Maker {
        lexicon,
        inventory,
        tokens,
        words,
        typos,
        named,
        limits,
        languages,
        particles: vec![false; tokens.len()],
        out: Vec::new(),
    };
    let mut at = 0;
    while at < tokens.len() {
        at += maker.next(at).max(1);
    }
    maker.out
}

struct Maker<'a> {
    lexicon: &'a Lexicon,
    inventory: &'a Inventory,
    tokens: &'a [Token],
    words: Vec<String>,
    typos: Vec<bool>,
    named: Vec<Vec<Object>>,
    limits: Vec<usize>,
    languages: Vec<u8>,
    particles: Vec<bool>,
    out: Vec<Piece>,
}

impl Maker<'_> {
    fn piece(&self, at: usize, len: usize) -> Piece {
        let token = &self.tokens[at];
        let mut raw = String::new();
        for (index, part) in self.tokens[at..at + len].iter().enumerate() {
            if index > 0 && !part.glued {
                raw.push(' ');
            }
            raw.push_str(&part.raw);
        }
        Piece {
            at,
            low: self.words[at..at + len].join(" "),
            raw,
            sep: token.sep,
            quote: token.quote,
            hits: Vec::new(),
            value: None,
            objects: Vec::new(),
            name: false,
            filler: false,
            possessive: self.tokens[at + len - 1].possessive,
            asks: self.tokens[at..at + len].iter().any(|token| token.asks),
        }
    }

    /// Makes the piece that begins at a token; says how many tokens it has.
    fn next(&mut self, at: usize) -> usize {
        let limit = self.limits[at];
        let mut hits = self.lexicon.hits(&self.words, at, limit, &self.languages);
        if self.particles[at] {
            hits.retain(|hit| hit.class == Class::Noun);
        }
        let size = |hit: &Hit| hit.len * 2 + hit.particle.map_or(0, |(_, width)| width * 2 - 1);
        let best = hits.iter().map(size).max().unwrap_or(0);
        hits.retain(|hit| {
            size(hit) == best || (hit.len == 1 && best <= 3 && hit.class == Class::Noun && hit.particle.is_none())
        });
        let long = hits.iter().map(|hit| hit.len).max().unwrap_or(0);
        // `called X`: X is a name, whatever else it may be.
        if let Some(len) = self.claimed(at) {
            let mut piece = self.piece(at, len);
            piece.name = true;
            piece.objects = self.named[at].clone();
            self.out.push(piece);
            return len;
        }
        let value = values::value(self.lexicon, self.tokens, &self.words, at, limit);
        if !self.named[at].is_empty() && long < 2 {
            let mut piece = self.piece(at, 1);
            piece.objects.clone_from(&self.named[at]);
            // A name may also be a verb (`build`), a number (`3080`) or a key.
            piece.hits = hits.into_iter().filter(|hit| hit.particle.is_none()).collect();
            piece.value = value.filter(|(_, len)| *len == 1).map(|(value, _)| value);
            self.gpu(&mut piece);
            self.out.push(piece);
            return 1;
        }
        if let Some((value, len)) = value.filter(|(_, len)| *len >= long) {
            let mut piece = self.piece(at, len);
            piece.value = Some(value);
            if len == 1 {
                piece.hits = hits.into_iter().filter(|hit| hit.particle.is_none() && hit.len == 1).collect();
            }
            piece.objects = if len == 1 { self.named[at].clone() } else { Vec::new() };
            self.gpu(&mut piece);
            self.out.push(piece);
            return len;
        }
        if !hits.is_empty() {
            let len = long;
            for hit in &hits {
                if let Some((start, width)) = hit.particle {
                    self.particles[start..start + width].fill(true);
                }
            }
            let mut piece = self.piece(at, len);
            let typo = self.typos[at..at + len].iter().any(|typo| *typo);
            piece.hits = hits.into_iter().filter(|hit| hit.len == len || hit.particle.is_some() || len == 1).collect();
            for hit in &mut piece.hits {
                hit.typo = typo;
            }
            self.out.push(piece);
            return len;
        }
        let mut piece = self.piece(at, 1);
        if piece.low.chars().any(is_cjk) {
            // Characters that belong to no phrase.
            piece.filler = true;
            self.out.push(piece);
            return 1;
        }
        piece.filler =
            self.particles[at] || self.lexicon.is_filler(&piece.low) || !piece.raw.chars().any(char::is_alphanumeric);
        self.out.push(piece);
        1
    }

    /// A number after `gpu` or `card` is a GPU.
    fn gpu(&self, piece: &mut Piece) {
        let Some(Value::Number(number)) = piece.value else { return };
        let before = self.out.last().is_some_and(|last| {
            last.is("gpu")
                || (last.low == "number" || last.low == "#" || last.low == "no")
                    && self.out.iter().rev().nth(1).is_some_and(|piece| piece.is("gpu"))
        });
        if before && number.fract() == 0.0 && (0.0..64.0).contains(&number) && piece.sep == Sep::Space {
            piece.objects = vec![Object::Gpu(number as u32)];
            piece.value = None;
        }
    }

    /// So many tokens are a name because of the word before them.
    fn claimed(&self, at: usize) -> Option<usize> {
        let token = &self.tokens[at];
        let last = self.out.last()?;
        if token.sep == Sep::Stop && !last.marks("named") {
            return None;
        }
        let article = |low: &str| {
            matches!(
                low,
                "a" | "an"
                    | "the"
                    | "my"
                    | "this"
                    | "that"
                    | "it"
                    | "them"
                    | "soon"
                    | "usual"
                    | "well"
                    | "root"
                    | "of"
                    | "to"
                    | "in"
                    | "is"
                    | "one"
                    | "ein"
                    | "eine"
                    | "une"
                    | "un"
                    | "una"
                    | "de"
                    | "and"
                    | "with"
                    | "from"
                    | "on"
                    | "for"
                    | "after"
            )
        };
        if last.marks("named") && last.raw != "name of" {
            let plain = article(&token.low) && self.tokens.get(at + 1).is_some();
            return (!plain && !self.particle_word(at)).then_some(1);
        }
        if last.marks("as") && last.objects.is_empty() {
            let word = self.lexicon.is_filler(&token.low) || article(&token.low);
            let noun = self.lexicon.hits(&self.words, at, self.limits[at], &self.languages);
            let common = noun.iter().any(|hit| hit.class != Class::Verb) || noun.iter().any(|hit| hit.len > 1);
            return (!word && !common).then_some(1);
        }
        if last.is("prefix") && !self.tokens[at].raw.starts_with("with") {
            let word = self.lexicon.is_filler(&token.low) || self.words[at] == "=";
            return (!word).then_some(1);
        }
        // The list goes on: `called a, b and c`.
        if last.name && (token.sep == Sep::Comma || last.sep >= Sep::Space && token.sep == Sep::Comma) {
            return self.goes_on(at).then_some(1);
        }
        let previous = self.out.iter().rev().nth(1)?;
        if last.marks("and") && previous.name {
            return self.goes_on(at).then_some(1);
        }
        None
    }

    fn goes_on(&self, at: usize) -> bool {
        let hits = self.lexicon.hits(&self.words, at, self.limits[at], &self.languages);
        hits.is_empty()
            && !self.lexicon.is_plain(&self.words[at])
            && values::value(self.lexicon, self.tokens, &self.words, at, self.limits[at]).is_none()
            && (self.named[at].is_empty()
                || self.named[at].iter().all(|object| matches!(object, Object::Vm(_) | Object::Container(_))))
    }

    fn particle_word(&self, at: usize) -> bool {
        let _ = self.inventory;
        self.tokens[at].raw.chars().all(|c| !c.is_alphanumeric() && c != '-' && c != '$' && c != '.')
            && !self.tokens[at].raw.is_empty()
    }
}

/// Concepts in some pieces.
#[must_use]
pub fn has(pieces: &[Piece], concept: &str) -> bool {
    pieces.iter().any(|piece| piece.is(concept))
}

/// The concepts of a piece, for an explanation.
#[must_use]
pub fn concepts(piece: &Piece) -> Vec<Concept> {
    piece.hits.iter().map(|hit| hit.concept).collect()
}
