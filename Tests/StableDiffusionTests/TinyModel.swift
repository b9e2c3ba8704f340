import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// The small random SDXL model in Tests/Golden/tiny-sdxl.
enum TinyModel {
  static func unet() throws -> UNet2DConditionModel {
    let unet = UNet2DConditionModel(try configuration("unet"))
    try unet.load(from: weights("unet"))
    return unet
  }

  static func vae() throws -> AutoencoderKL {
    let vae = AutoencoderKL(try configuration("vae"))
    try vae.load(from: weights("vae"))
    return vae
  }

  /// Adapters at all attention layers, with both matrices set so that no gradient is zero.
  static func adapted(_ module: any Module) throws -> [AdapterSite] {
    let sites = try module.attachAdapters(
      LoRA.self, targets: ["to_q", "to_k", "to_v", "to_out.0"],
      settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    for (index, site) in sites.enumerated() {
      let up = try #require(site.adapter as? LoRA).up
      try noGrad { try up.copy(from: Generator(seed: UInt64(1000 + index)).normal(up.shape) * 0.1) }
    }
    return sites
  }

  /// A prediction for two fixed inputs that are not part of the fixtures.
  static func predict(
    _ unet: UNet2DConditionModel, height: Int = 8, width: Int = 8
  ) throws -> Tensor {
    let sizes: [Float] = [1024, 768, 0, 13, 512, 512]
    return try unet(
      Generator(seed: 1).normal([2, 4, height, width]),
      timestep: Tensor([Int64(7), 801], shape: [2]),
      encoderHiddenStates: Generator(seed: 2).normal([2, 5, 64]),
      addedConditioning: AddedConditioning(
        textEmbeds: Generator(seed: 3).normal([2, 32]),
        timeIds: Tensor(sizes + sizes, shape: [2, 6])))
  }

  static func weights(_ component: String) throws -> WeightSource {
    try WeightSource(
      directory: Repository.golden.appending(path: "tiny-sdxl/\(component)"),
      name: "diffusion_pytorch_model")
  }

  private static func configuration<Configuration: Decodable>(
    _ component: String
  ) throws -> Configuration {
    try ConfigurationFile.decode(
      from: Repository.golden.appending(path: "tiny-sdxl/\(component)/config.json"))
  }
}
