import Foundation
import StableDiffusion
import Torch

/// Prompts' embeddings, computed once.
struct TextCache {
  /// Part of every key; raised whenever the same inputs give other embeddings.
  private static let version = "text 1"

  private let cache: TensorCache
  private let modelHash: String

  /// - Parameters:
  ///   - root: the folder of all caches.
  ///   - modelHash: the hash of tokenizers, encoders and of the type that they compute in.
  ///   - device: where the encoders are.
  ///   - threads: how many compute where that is the CPU.
  init(in root: URL, modelHash: String, device: Device, threads: Int) {
    cache = TensorCache("text", in: root, device: device, threads: threads)
    self.modelHash = modelHash
  }

  /// The cache of what a training reads.
  init(_ setup: TrainingSetup) {
    self.init(
      in: setup.caches, modelHash: Self.modelHash(setup), device: setup.device,
      threads: setup.config.threads ?? Backend.threads)
  }

  /// The hash of everything that a prompt's embedding depends on besides the prompt.
  static func modelHash(_ setup: TrainingSetup) -> String {
    let parts: [ModelDirectory.Component] = [.tokenizer, .tokenizer2, .textEncoder, .textEncoder2]
    return ContentHash.of(
      parts.map(setup.identity.hash(of:))
        + [setup.dtype.rawValue, "\(setup.model.forceZerosForEmptyPrompt)"])
  }

  /// The embedding of each prompt, on the CPU.
  ///
  /// - Parameters:
  ///   - load: gives the encoder; called when something has to be computed, at most once.
  ///   - progress: called before something is computed, with the number of prompts done; what it
  ///     throws ends it.
  func embeddings(
    of prompts: [TextPrompt], load: () throws -> PromptEncoder, progress: (Int) throws -> Void
  ) throws -> [PromptEmbedding] {
    var encoder: PromptEncoder?
    return try prompts.enumerated().map { index, prompt in
      let key = cache.key([Self.version, prompt.description, modelHash])
      let kept = try cache.tensors(key, names: ["embeds", "pooled"]) {
        try progress(index)
        let model = try encoder ?? load()
        encoder = model
        let embedding =
          switch prompt {
          case .positive(let text): try model.encode([text])
          case .negative(let text): try model.encodeNegative(text)
          }
        return [try embedding.embeds.to(.cpu), try embedding.pooled.to(.cpu)]
      }
      return PromptEmbedding(embeds: kept[0], pooled: kept[1])
    }
  }
}

/// What guidance leads to, or away from.
enum TextPrompt: Hashable, CustomStringConvertible {
  case positive(String)
  /// nil: nothing was asked for, and the model decides what that means.
  case negative(String?)

  var description: String {
    switch self {
    case .positive(let text): "positive \(text)"
    case .negative(let text): text.map { "negative \($0)" } ?? "no negative"
    }
  }
}
