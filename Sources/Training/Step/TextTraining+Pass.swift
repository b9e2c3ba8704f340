import StableDiffusion
import Torch

extension TextTraining {
  /// A pass on the device with the embeddings of its captions, which have gradients.
  func encoding(_ placed: PlacedPass, of pass: TrainingPass) throws -> PlacedPass {
    let classTexts = pass.classImages?.texts ?? []
    let count = chunkCount(pass.samples.texts)
    func encoded(
      _ inputs: PassInputs, _ texts: [TextPrompt], dropped: [Bool] = []
    ) throws -> PassInputs {
      let embedding = try encode(texts, chunks: count) {
        PromptEmbedding(embeds: inputs.embeds, pooled: inputs.pooled)
      }
      var inputs = inputs
      (inputs.embeds, inputs.pooled) = (embedding.embeds, embedding.pooled)
      guard dropped.contains(true) else { return inputs }
      let kept = try Tensor(
        texts.indices.map { $0 < dropped.count && dropped[$0] ? 0 : 1 } as [Float],
        shape: [texts.count, 1]
      ).to(embedding.embeds.dtype).to(embedding.embeds.device)
      inputs.embeds = try inputs.embeds * kept.reshape([texts.count, 1, 1])
      inputs.pooled = try inputs.pooled * kept
      return inputs
    }
    return PlacedPass(
      samples: try encoded(
        placed.samples, pass.instances.texts + (placed.instanceCount == nil ? [] : classTexts),
        dropped: pass.instances.dropped),
      instanceCount: placed.instanceCount,
      classImages: try placed.classImages.map { try encoded($0, classTexts) },
      weights: placed.weights)
  }
}
