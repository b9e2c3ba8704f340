import Drawing
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
