import NN
import Torch

extension ModelDirectory {
  /// Compares the names and shapes of all weights with the configurations, without reading any.
  /// Throws `WeightsError`.
  public func checkWeights() throws {
    try UNet2DConditionModel(unet).check(weights(of: .unet))
    try AutoencoderKL(vae).check(weights(of: .vae))
    if let textEncoder { try CLIPTextModel(textEncoder).check(textWeights(of: .textEncoder)) }
    try CLIPTextModelWithProjection(textEncoder2).check(textWeights(of: .textEncoder2))
  }
}
