import Drawing
import Ranks
import StableDiffusion
import Torch

extension Arithmetic {
  /// The arithmetic of a training. Throws `TorchError`.
  init(_ setup: TrainingSetup) throws(TorchError) {
    try self.init(
      device: setup.device, threads: setup.config.threads ?? Backend.threads,
      deterministic: setup.config.deterministic)
  }
}

extension LatentCache {
  /// The latents of a training's images. Throws `TorchError`.
  init(_ setup: TrainingSetup) throws {
    self.init(
      in: setup.caches, vaeHash: setup.identity.hash(of: .vae), device: setup.device,
      arithmetic: try Arithmetic(setup),
      load: { try setup.model.loadVAE(dtype: .float32, device: setup.device) })
  }
}

extension TextCache {
  /// The embeddings of a training's texts. Throws `ModelError`, `TorchError`.
  convenience init(_ setup: TrainingSetup) throws {
    let parts: [ModelDirectory.Component] = [.textEncoder, .textEncoder2]
    self.init(
      in: setup.caches, tokenizer: try setup.model.loadPromptTokenizer(),
      encoders: parts.map(setup.identity.hash(of:)) + [setup.dtype.rawValue],
      forceZeros: setup.model.forceZerosForEmptyPrompt, arithmetic: try Arithmetic(setup),
      load: { tokenizer in
        try setup.model.loadPromptEncoder(
          tokenizer: tokenizer, dtype: setup.dtype, device: setup.device)
      })
  }
}

extension TrainingSetup {
  /// Computes what is missing in a cache. Each rank computes a part of it, and then what it does not find: nothing,
  /// if the ranks share the folder of the cache.
  ///
  /// - Parameter fill: Computes the missing ones of some items.
  func filling<Item>(_ items: [Item], _ fill: ([Item]) throws -> Void) throws {
    if let ranks {
      let share = ranks.share
      let part = items.indices.filter(share.contains).map { items[$0] }
      try self.ranks.together { try fill(part) }
    }
    try ranks.together { try fill(items) }
  }
}
