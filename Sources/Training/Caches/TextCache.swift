import Drawing
import Foundation
import NN
import StableDiffusion
import Torch

/// The embeddings of texts, computed once. The key is made of the tokens, so texts with the same
/// tokens share an entry.
final class TextCache {
  /// Part of every key. Raise it whenever the same inputs give other embeddings.
  private static let version = "text 3, penultimate layers"

  private let cache: TensorCache
  private let memory: MemoryCache<TextPrompt, PromptEmbedding>
  private let tokenizer: PromptTokenizer
  private let encoders: [String]
  private let forceZeros: Bool
  private let load: (PromptTokenizer) throws -> PromptEncoder
  /// All prompts that were requested so far.
  private var prompts: Set<TextPrompt> = []

  /// - Parameters:
  ///   - root: The cache folder.
  ///   - tokenizer: The base model's tokenizer.
  ///   - encoders: The hashes of the encoders' weights and configurations, and their number format.
  ///   - forceZeros: Whether a missing negative prompt is encoded as zeros.
  ///   - arithmetic: What decides the last bits of the embeddings, a part of the keys.
  ///   - memoryLimit: The maximum of embeddings in memory, in bytes.
  ///   - load: Loads the encoders. Called only if embeddings have to be computed.
  init(
    in root: URL, tokenizer: PromptTokenizer, encoders: [String], forceZeros: Bool,
    arithmetic: Arithmetic,
    memoryLimit: Int = MemoryCache<TextPrompt, PromptEmbedding>.standardLimit,
    load: @escaping (PromptTokenizer) throws -> PromptEncoder
  ) {
    memory = MemoryCache(limit: memoryLimit)
    cache = TensorCache(.text, in: root, arithmetic)
    self.tokenizer = tokenizer
    self.encoders = encoders
    self.forceZeros = forceZeros
    self.load = load
  }

  func file(of prompt: TextPrompt) -> URL { cache.url(key(prompt)) }

  /// Computes and caches the embeddings of prompts that are not cached. The encoders are loaded at
  /// most once and freed at the end.
  ///
  /// - Parameter progress: Called before an embedding is computed, with the number of prompts done.
  ///   An error that it throws ends the work; embeddings computed so far stay cached.
  /// - Throws: `FileAccessError.unwritable`, and errors of the model's files.
  func fill(_ prompts: [TextPrompt], progress: (_ done: Int) throws -> Void) throws {
    self.prompts.formUnion(prompts)
    var encoder: PromptEncoder?
    for (index, prompt) in prompts.enumerated() {
      if cached(prompt) != nil { continue }
      try progress(index)
      let model = try encoder ?? load(tokenizer)
      encoder = model
      try cache.store(tensors(of: prompt, by: model), key(prompt))
    }
  }

  /// The embedding of a prompt, on the CPU, from memory or from the disk. If its file was deleted
  /// or damaged, it is computed again, together with all other requested prompts that are not
  /// cached: loading the encoders takes much longer than using them.
  ///
  /// Throws the errors of ``fill(_:progress:)``.
  func embedding(_ prompt: TextPrompt) throws -> PromptEmbedding {
    if let cached = cached(prompt) { return cached }
    try fill(prompts.union([prompt]).sorted { $0.description < $1.description }) { _ in }
    // Read back: the same values in another memory layout lead to other last bits, and the run
    // would differ from one that finds the file.
    guard let stored = PromptEmbedding(try TensorEntry(url: file(of: prompt)).read()) else {
      throw CacheError.damaged(
        file: file(of: prompt).relativePath, problem: "tensors are missing in it")
    }
    memory.insert(stored, bytes: stored.bytes, for: prompt)
    return stored
  }

  /// The embedding of a prompt from memory, or from the disk after checking its hash.
  private func cached(_ prompt: TextPrompt) -> PromptEmbedding? {
    if let known = memory.value(prompt) { return known }
    guard let read = cache.tensors(key(prompt)).flatMap(PromptEmbedding.init) else { return nil }
    memory.insert(read, bytes: read.bytes, for: prompt)
    return read
  }

  private func tensors(
    of prompt: TextPrompt, by encoder: PromptEncoder
  ) throws -> [String: Tensor] {
    let embedding =
      switch prompt {
      case .positive(let text): try encoder.encode([text])
      case .negative(let text): try encoder.encodeNegative(text)
      case .caption(let text, let maxTokens): try encoder.encode(text, maxTokens: maxTokens)
      }
    return ["embeds": try embedding.embeds.to(.cpu), "pooled": try embedding.pooled.to(.cpu)]
  }

  private func key(_ prompt: TextPrompt) -> String {
    let tokens = prompt.encoding(by: tokenizer)
    let isZero = prompt == .negative(nil) && forceZeros
    return cache.key(
      [Self.version, isZero ? "zeros" : "text"] + encoders + tokens.chunks.map(\.description))
  }
}

extension PromptEmbedding {
  /// Reads the tensors of a cache entry; nil if one is missing.
  fileprivate init?(_ tensors: [String: Tensor]) {
    guard let embeds = tensors["embeds"], let pooled = tensors["pooled"] else { return nil }
    self.init(embeds: embeds, pooled: pooled)
  }

  /// Size in memory, in bytes.
  fileprivate var bytes: Int { embeds.byteCount + pooled.byteCount }
}

/// A text to encode.
enum TextPrompt: Hashable, CustomStringConvertible {
  /// A prompt, in one chunk of 75 tokens.
  case positive(String)
  /// A negative prompt; nil for none, which the model encodes as zeros or as the empty text.
  case negative(String?)
  /// The caption of an image, in chunks of 75 tokens.
  case caption(String, maxTokens: Int)

  /// The tokens of the text.
  func encoding(by tokenizer: PromptTokenizer) -> PromptTokenizer.Encoding {
    switch self {
    case .positive(let text): tokenizer.encode(text)
    case .negative(let text): tokenizer.encode(text ?? "")
    case .caption(let text, let maxTokens): tokenizer.encode(text, maxTokens: maxTokens)
    }
  }

  var description: String {
    switch self {
    case .positive(let text): "positive \(text)"
    case .negative(let text): text.map { "negative \($0)" } ?? "no negative"
    case .caption(let text, let maxTokens): "caption of \(maxTokens) tokens \(text)"
    }
  }
}
