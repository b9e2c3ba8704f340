import Foundation
import StableDiffusion
import Torch

/// Texts' embeddings, computed once: kept by what the encoders read, so that texts of the same tokens
/// share one.
final class TextCache {
  /// Part of every key; raised whenever the same inputs give other embeddings.
  private static let version = "text 2, penultimate layers"

  private let cache: TensorCache
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
  ///   - load: gives the encoder; called when something has to be computed.
  init(
    in root: URL, tokenizer: PromptTokenizer, encoders: [String], forceZeros: Bool, device: Device,
    threads: Int, load: @escaping (PromptTokenizer) throws -> PromptEncoder
  ) {
    cache = TensorCache(.text, in: root, device: device, threads: threads)
    self.tokenizer = tokenizer
    self.encoders = encoders
    self.forceZeros = forceZeros
    self.load = load
  }

  /// The cache of what a training reads. Throws `ModelError`.
  convenience init(_ setup: TrainingSetup) throws {
    let parts: [ModelDirectory.Component] = [.textEncoder, .textEncoder2]
    self.init(
      in: setup.caches, tokenizer: try setup.model.loadPromptTokenizer(),
      encoders: parts.map(setup.identity.hash(of:)) + [setup.dtype.rawValue],
      forceZeros: setup.model.forceZerosForEmptyPrompt, device: setup.device,
      threads: setup.config.threads ?? Backend.threads,
      load: { tokenizer in
        try setup.model.loadPromptEncoder(
          tokenizer: tokenizer, dtype: setup.dtype, device: setup.device)
      })
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
      let key = key(prompt)
      if cache.contains(key) { continue }
      try progress(index)
      let model = try encoder ?? load(tokenizer)
      encoder = model
      try cache.store(tensors(of: prompt, by: model), key)
    }
  }

  /// The embedding of a prompt, on the CPU. Where it is not kept whole, since somebody has deleted or
  /// damaged it, it is computed again, and so is everything else that was asked for: loading the
  /// encoders takes much longer than using them.
  ///
  /// Throws as ``fill(_:progress:)`` does.
  func embedding(_ prompt: TextPrompt) throws -> PromptEmbedding {
    let key = key(prompt)
    if let kept = cache.tensors(key).flatMap(PromptEmbedding.init) { return kept }
    try fill(prompts.union([prompt]).sorted { $0.description < $1.description }) { _ in }
    // Read back: a tensor in another memory layout has the same values, but leads to other last
    // bits, and a run would differ from one that finds it here.
    guard let kept = PromptEmbedding(try TensorEntry(url: cache.url(key)).read()) else {
      throw CacheError.damaged(
        file: cache.url(key).relativePath, problem: "it lacks what was written")
    }
    return kept
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
}
