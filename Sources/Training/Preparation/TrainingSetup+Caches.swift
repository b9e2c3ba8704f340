import StableDiffusion
import Torch

extension LatentCache {
  /// The latents of a training's images.
  init(_ setup: TrainingSetup) {
    self.init(
      in: setup.caches, vaeHash: setup.identity.hash(of: .vae), device: setup.device,
      threads: setup.config.threads ?? Backend.threads,
      load: { try setup.model.loadVAE(dtype: .float32, device: setup.device) })
  }
}

extension TextCache {
  /// The embeddings of a training's texts. Throws `ModelError`.
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
}
