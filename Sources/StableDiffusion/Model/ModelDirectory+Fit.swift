import Foundation
import NN

extension ModelDirectory {
  /// Throws `ModelError` if the sizes of the components do not fit each other.
  func checkFit() throws(ModelError) {
    guard unet.additionEmbedType == .textTime else {
      throw misfit("addition_embed_type", found: "null", wanted: "text_time")
    }
    let text = (textEncoder?.hiddenSize ?? 0) + textEncoder2.hiddenSize
    let encoders =
      textEncoder == nil
      ? "the width of the text encoder" : "the widths of both text encoders together"
    for width in unet.crossAttentionDim where width != text {
      throw misfit("cross_attention_dim", found: "\(width)", wanted: "\(text), \(encoders)")
    }
    let numbers = requiresAestheticsScore ? 5 : 6
    let added = textEncoder2.projectionDim + numbers * (unet.additionTimeEmbedDim ?? 0)
    if let width = unet.projectionClassEmbeddingsInputDim, width != added {
      throw misfit(
        "projection_class_embeddings_input_dim", found: "\(width)",
        wanted: "\(added), the pooled text vector and "
          + (requiresAestheticsScore ? "four sizes and a score" : "six sizes"))
    }
    if unet.inChannels != vae.latentChannels {
      throw misfit(
        "in_channels", found: "\(unet.inChannels)",
        wanted: "\(vae.latentChannels), the VAE's latent channels")
    }
  }

  /// Compares the names and shapes of all weights with the configurations, without reading any.
  /// Throws `WeightsError`.
  public func checkWeights() throws {
    try UNet2DConditionModel(unet).check(weights(of: .unet))
    try AutoencoderKL(vae).check(weights(of: .vae))
    if let textEncoder { try CLIPTextModel(textEncoder).check(textWeights(of: .textEncoder)) }
    try CLIPTextModelWithProjection(textEncoder2).check(textWeights(of: .textEncoder2))
  }

  private func misfit(_ key: String, found: String, wanted: String) -> ModelError {
    .invalid(
      path: Self.configurationFile(of: .unet, in: url).relativePath,
      problem: "\(key) is \(found), but the rest of the model needs \(wanted)",
      advice:
        "choose an SDXL \(role == .base ? "base model" : "refiner") whose parts belong together")
  }
}
