import Drawing
import Foundation
import NN
import StableDiffusion
import Torch

/// Texts' embeddings, computed once: kept by what the encoders read, so that texts of the same tokens
/// share one.
final class TextCache {
  /// Part of every key; raised whenever the same inputs give other embeddings.
  private static let version = "text 2, penultimate layers"

  private let cache: TensorCache
  private let memory: MemoryCache<TextPrompt, PromptEmbedding>
  private let tokenizer: PromptTokenizer
  private let encoders: [String]
  private let forceZeros: Bool
  private let load: (PromptTokenizer) throws -> PromptEncoder
  /// Everything that was asked for.
  private var prompts: Set<TextPrompt> = []

  /// - Parameters:
  ///   - root: the folder of all caches.
  ///   - tokenizer: the base model's.
  ///   - encoders: the hashes of the encoders' weights and configurations, and the type that they
  ///     compute in.
  ///   - forceZeros: whether no negative prompt means zeros.
  ///   - device: where the encoders are.
  ///   - threads: how many compute where that is the CPU.
  ///   - memoryLimit: how many bytes of embeddings stay in memory.
  ///   - load: gives the encoder; called when something has to be computed.
  init(
    in root: URL, tokenizer: PromptTokenizer, encoders: [String], forceZeros: Bool, device: Device,
    threads: Int, memoryLimit: Int = MemoryCache<TextPrompt, PromptEmbedding>.standardLimit,
    load: @escaping (PromptTokenizer) throws -> PromptEncoder
  ) {
    memory = MemoryCache(limit: memoryLimit)
    cache = TensorCache(.text, in: root, device: device, threads: threads)
    self.tokenizer = tokenizer
    self.encoders = encoders
    self.forceZeros = forceZeros
    self.load = load
  }

  /// Where a prompt's embedding is kept.
  func file(of prompt: TextPrompt) -> URL { cache.url(key(prompt)) }

  /// Computes what is not kept whole, and keeps it. The encoders are loaded at most once, and freed
  /// when this returns.
  ///
  /// - Parameter progress: called before something is computed, with the number of prompts done; what
  ///   it throws ends the work, and what is computed by then is kept.
  /// - Throws: `FileAccessError.unwritable`, and errors of the model's files.
  func fill(_ prompts: [TextPrompt], progress: (_ done: Int) throws -> Void) throws {
    self.prompts.formUnion(prompts)
    var encoder: PromptEncoder?
    for (index, prompt) in prompts.enumerated() {
      if kept(prompt) != nil { continue }
      try progress(index)
      let model = try encoder ?? load(tokenizer)
      encoder = model
      try cache.store(tensors(of: prompt, by: model), key(prompt))
    }
  }

  /// The embedding of a prompt, on the CPU: from memory where it was read before, else from the disk.
  /// Where it is not kept whole there, since somebody has deleted or damaged it, it is computed again,
  /// and so is everything else that was asked for: loading the encoders takes much longer than using
  /// them.
  ///
  /// Throws as ``fill(_:progress:)`` does.
  func embedding(_ prompt: TextPrompt) throws -> PromptEmbedding {
    if let kept = kept(prompt) { return kept }
    try fill(prompts.union([prompt]).sorted { $0.description < $1.description }) { _ in }
    // Read back: a tensor in another memory layout has the same values, but leads to other last
    // bits, and a run would differ from one that finds it here.
    guard let kept = PromptEmbedding(try TensorEntry(url: file(of: prompt)).read()) else {
      throw CacheError.damaged(
        file: file(of: prompt).relativePath, problem: "it lacks what was written")
    }
    memory.keep(kept, bytes: kept.bytes, for: prompt)
    return kept
  }

  /// The embedding of a prompt in memory or, verified, on the disk.
  private func kept(_ prompt: TextPrompt) -> PromptEmbedding? {
    if let known = memory.value(prompt) { return known }
    guard let read = cache.tensors(key(prompt)).flatMap(PromptEmbedding.init) else { return nil }
    memory.keep(read, bytes: read.bytes, for: prompt)
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
    let tokens: PromptTokenizer.Encoding
    switch prompt {
    case .positive(let text): tokens = tokenizer.encode(text)
    case .negative(let text): tokens = tokenizer.encode(text ?? "")
    case .caption(let text, let maxTokens): tokens = tokenizer.encode(text, maxTokens: maxTokens)
    }
    let isZero = prompt == .negative(nil) && forceZeros
    return cache.key(
      [Self.version, isZero ? "zeros" : "text"] + encoders + tokens.chunks.map(\.description))
  }
}

extension PromptEmbedding {
  /// What is kept of an embedding; nil where that is something else.
  fileprivate init?(_ tensors: [String: Tensor]) {
    guard let embeds = tensors["embeds"], let pooled = tensors["pooled"] else { return nil }
    self.init(embeds: embeds, pooled: pooled)
  }

  /// How much memory it takes.
  fileprivate var bytes: Int { embeds.byteCount + pooled.byteCount }
}

/// A text that is encoded.
enum TextPrompt: Hashable, CustomStringConvertible {
  /// What guidance leads to: one chunk of 75 tokens.
  case positive(String)
  /// What guidance leads away from; nil: nothing was asked for, and the model decides what that means.
  case negative(String?)
  /// What an image shows, in chunks of 75 tokens.
  case caption(String, maxTokens: Int)

  var description: String {
    switch self {
    case .positive(let text): "positive \(text)"
    case .negative(let text): text.map { "negative \($0)" } ?? "no negative"
    case .caption(let text, let maxTokens): "caption of \(maxTokens) tokens \(text)"
    }
  }
}
