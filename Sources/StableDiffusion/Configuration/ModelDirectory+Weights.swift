import NN

extension ModelDirectory {
  /// Compares the names and shapes of all weights with the configurations, without reading any.
  /// Throws `WeightsError`.
  public func checkWeights() throws {
    try UNet2DConditionModel(unet).check(weights(.unet))
    try AutoencoderKL(vae).check(weights(.vae))
    try CLIPTextModel(textEncoder).check(weights(.textEncoder))
    try CLIPTextModelWithProjection(textEncoder2).check(weights(.textEncoder2))
  }
}
