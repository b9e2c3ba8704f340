import Foundation

extension ModelDirectory {
  /// Throws `ModelError` where the components have sizes that do not fit each other.
  func checkFit() throws(ModelError) {
    guard unet.additionEmbedType == .textTime else {
      throw misfit("addition_embed_type", found: "null", wanted: "text_time")
    }
    let text = textEncoder.hiddenSize + textEncoder2.hiddenSize
    for width in unet.crossAttentionDim where width != text {
      throw misfit(
        "cross_attention_dim", found: "\(width)",
        wanted: "\(text), the widths of both text encoders together")
    }
    let added = textEncoder2.projectionDim + 6 * (unet.additionTimeEmbedDim ?? 0)
    if let width = unet.projectionClassEmbeddingsInputDim, width != added {
      throw misfit(
        "projection_class_embeddings_input_dim", found: "\(width)",
        wanted: "\(added), the pooled text vector and six sizes")
    }
    if unet.inChannels != vae.latentChannels {
      throw misfit(
        "in_channels", found: "\(unet.inChannels)", wanted: "\(vae.latentChannels), as the VAE has")
    }
  }

  private func misfit(_ key: String, found: String, wanted: String) -> ModelError {
    .invalid(
      path: Self.configurationFile(of: .unet, in: url).relativePath,
      problem: "\(key) is \(found), and the rest of the model needs \(wanted)",
      advice: "choose an SDXL base model whose parts belong together")
  }
}
